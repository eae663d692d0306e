package oracle

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
)

// Instruction is one instruction of guests/script.wat. Any values are valid.
type Instruction struct {
	Op, A, B byte
	X        uint32
	Y        uint64
}

// opNames are the instructions that a random script has, by number.
var opNames = []string{
	"nop", "alloc", "alloc_large", "text", "free",
	"length", "length_unsafe", "length_inside", "free_inside", "load_u8",
	"load_u64", "store_u8", "store_u64", "dump", "input_length",
	"input_offset", "input_load_u8", "input_load_u64", "input_set", "output_set",
	"output_length", "output_offset", "error_set", "error_clear", "error_get",
	"reset", "memory_bytes", "config_get", "var_get", "var_set",
	"var_delete", "log", "get_log_level", "http", "mult",
	"to_upper", "wild", "silent", "return", "trap",
	"exit",
}

// rawNames go on from there: hosts are known to differ in what these do.
var rawNames = []string{
	"raw_alloc", "raw_load_u64", "raw_store_u64", "raw_input_load_u64", "raw_error_set",
	"raw_config_key", "raw_var_twin", "raw_trap",
}

func (i Instruction) String() string {
	names := append(opNames[:len(opNames):len(opNames)], rawNames...)
	return fmt.Sprintf("%s a=%d b=%d x=%d y=%d", names[i.Op], i.A, i.B, i.X, i.Y)
}

func opNumber(name string) byte {
	for i, n := range append(opNames[:len(opNames):len(opNames)], rawNames...) {
		if n == name {
			return byte(i)
		}
	}
	panic("oracle: no instruction " + name)
}

// do makes an instruction.
func do(name string, a, b byte, x uint32, y uint64) Instruction {
	return Instruction{opNumber(name), a, b, x, y}
}

// scriptText is the data of every script: names, values and messages are pieces
// of it.
const scriptText = "thing\x00counter:vowels|greeting=Größe 世界 🌍 the quick brown fox jumps over 0123456789 AEIOU"

// say makes an instruction that puts a piece of [scriptText] into a slot.
func say(slot byte, piece string) Instruction {
	at := strings.Index(scriptText, piece)
	if at < 0 {
		panic("oracle: no text " + piece)
	}
	return do("text", slot, 0, uint32(at), uint64(len(piece)))
}

// keys are names of vars and config values that random scripts use.
var keys = []string{"thing", "counter", "vowels", "greeting", "世界"}

// Encode makes the input that has the guest run a script.
func Encode(script []Instruction) []byte {
	b := binary.LittleEndian.AppendUint32(nil, uint32(len(script)))
	for _, i := range script {
		b = append(b, i.Op, i.A, i.B, 0)
		b = binary.LittleEndian.AppendUint32(b, i.X)
		b = binary.LittleEndian.AppendUint64(b, i.Y)
	}
	return append(b, scriptText...)
}

// Decode makes a script of arbitrary bytes, without raw instructions.
func Decode(data []byte) []Instruction {
	var script []Instruction
	for ; len(data) >= 16 && len(script) < 1000; data = data[16:] {
		script = append(script, Instruction{
			data[0] % byte(len(opNames)), data[1] % 16, data[2] % 16,
			binary.LittleEndian.Uint32(data[4:]), binary.LittleEndian.Uint64(data[8:]),
		})
	}
	return script
}

// Random makes a script of up to n instructions. What ends a script comes rarely.
func Random(r *rand.Rand, n int) []Instruction {
	script := make([]Instruction, 0, n)
	for range 1 + r.IntN(n) {
		// Few slots, so that instructions meet.
		i := Instruction{byte(r.IntN(len(opNames))), byte(r.IntN(6)), byte(r.IntN(6)), r.Uint32N(300), r.Uint64N(700)}
		switch opNames[i.Op] {
		case "return", "trap", "exit", "reset", "silent":
			if r.IntN(12) > 0 {
				i = say(i.A, keys[r.IntN(len(keys))])
			}
		case "nop", "http":
			i = say(i.A, keys[r.IntN(len(keys))])
		case "text":
			i.X, i.Y = r.Uint32N(uint32(len(scriptText))), r.Uint64N(40)
		case "mult", "wild":
			i.X, i.Y = r.Uint32(), r.Uint64()
		case "alloc_large":
			i.Y = r.Uint64N(6000)
		}
		switch opNames[i.Op] {
		case "return", "exit":
			i.Y = []uint64{0, 1, 2, 255, 1<<32 - 1, 1 << 31}[r.IntN(6)]
		}
		script = append(script, i)
	}
	return script
}

// scriptCase is a plug-in that runs scripts one after the other.
func scriptCase(name string, scripts ...[]Instruction) Case {
	c := Case{
		Name: name, Wasm: []Wasm{{File: "script.wasm"}}, LogLevel: "trace", Vars: keys,
		Config: map[string]string{"thing": "a value", "greeting": "Grüß Gott 🌍", "vowels": "", "unused": "x"},
	}
	for _, s := range scripts {
		c.Calls = append(c.Calls, Call{"run", Input{Text: string(Encode(s))}})
	}
	return c
}

// scriptSeeds are how many random cases there are in the corpus, and scriptCalls
// how many scripts each of them runs.
const (
	scriptSeeds = 60
	scriptCalls = 5
)

// randomScripts gives the scripts of one seed.
func randomScripts(seed uint64) [][]Instruction {
	r := rand.New(rand.NewPCG(seed, 0x5c))
	scripts := make([][]Instruction, scriptCalls)
	for i := range scripts {
		scripts[i] = Random(r, 60)
	}
	return scripts
}

// scripted are random scripts, and one that does everything.
func scripted() []Case {
	all := []Case{scriptCase("script, everything", everything(), everything(), nil)}
	for seed := range uint64(scriptSeeds) {
		c := scriptCase(fmt.Sprintf("script, seed %d", seed), randomScripts(seed)...)
		c.LogLevel = []string{"trace", "debug", "info", "warn", "error", ""}[seed%6]
		all = append(all, c)
	}
	return all
}

// everything is a script in which each instruction that ends nothing has an effect.
func everything() []Instruction {
	script := []Instruction{
		do("input_length", 0, 0, 0, 0), do("input_offset", 0, 0, 0, 0), do("input_load_u8", 0, 0, 0, 7), do("input_load_u64", 0, 0, 0, 9),
		do("alloc", 1, 0, 0x1234, 77), do("length", 1, 0, 0, 0), do("length_unsafe", 1, 0, 0, 0),
		do("length_inside", 1, 0, 0, 5), do("free_inside", 1, 0, 0, 5), do("store_u8", 1, 0, 200, 3), do("load_u8", 1, 0, 0, 3),
		do("store_u64", 1, 0, 99, 13), do("load_u64", 1, 0, 0, 12), do("dump", 1, 0, 0, 0), do("free", 1, 0, 0, 0),
		do("alloc_large", 2, 0, 5, 19999), do("dump", 2, 0, 0, 0), do("memory_bytes", 0, 0, 0, 0),
		do("input_set", 2, 0, 500, 11), do("input_length", 0, 0, 0, 0), do("input_offset", 0, 0, 0, 0), do("input_load_u8", 0, 0, 0, 600),
		do("output_set", 2, 0, 500, 11), do("output_length", 0, 0, 0, 0), do("output_offset", 0, 0, 0, 0),
		say(3, "thing"), do("config_get", 3, 4, 0, 0), do("to_upper", 4, 5, 0, 0), do("dump", 5, 0, 0, 0),
		say(3, "counter"), do("var_set", 3, 5, 0, 0), say(3, "counter"), do("var_get", 3, 4, 0, 0),
		say(3, "vowels"), say(6, "jumps"), do("var_set", 3, 6, 0, 0), say(3, "vowels"), do("var_delete", 3, 0, 0, 0),
		do("error_set", 4, 0, 0, 0), do("error_get", 0, 0, 0, 0), do("error_clear", 0, 0, 0, 0), do("error_get", 0, 0, 0, 0),
		do("get_log_level", 0, 0, 0, 0), do("http", 0, 0, 0, 0), do("mult", 0, 0, 1<<31, 1<<63+3),
	}
	for level := range uint32(5) {
		script = append(script, say(7, "quick"), do("log", 7, 0, level, 0))
	}
	for at := range uint64(12) {
		script = append(script, do("wild", 0, 0, 1, at))
	}
	return append(script, do("reset", 0, 0, 0, 0), do("input_length", 0, 0, 0, 0), do("output_length", 0, 0, 0, 0), do("error_get", 0, 0, 0, 0))
}
