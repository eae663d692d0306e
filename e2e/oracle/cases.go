package oracle

// sizes are the input lengths that every function which reads its input is
// called with: nothing, around the 8 bytes that guests load at a time, and sizes
// at which memories grow.
var sizes = []int{0, 1, 7, 8, 9, 64 << 10, 1 << 20}

// huge is tried where a plug-in is fast enough for it.
const huge = 64 << 20

// filler is repeated to make inputs of a given size. It is ASCII, so that any
// length of it is text, and 41 bytes long, so that no page starts alike.
const filler = "extism-js: AEIOU aeiou 0123456789 [{}]\"\\\n"

// texts are inputs whose bytes matter more than their number.
var texts = []string{
	"hello world",
	"Größe, naïve café, ΑΒΓ, жук",
	"世界、こんにちは",
	"🌍👩‍👩‍👧 e\u0301",
	"a\x00b\x00",
	"\xff\xfe not UTF-8 \xc3",
}

// Cases gives the whole corpus.
func Cases() []Case {
	var all []Case
	for _, group := range [][]Case{sdkSimple(), sdkConfig(), sdkInput(), sdkHosts(), sdkHTTP(), sdkLinked(), demo(), states(), vars(), logs(), limits(), manifests(), scripted(), differing()} {
		all = append(all, group...)
	}
	return all
}

func single(name, file string, calls ...Call) Case {
	return Case{Name: name, Wasm: []Wasm{{File: file}}, Calls: calls}
}

func text(function, input string) Call { return Call{function, Input{Text: input}} }

// bySize calls a function with every size up to max, and with every text, in
// one life of a plug-in.
func bySize(function string, max int) []Call {
	var calls []Call
	for _, n := range append(sizes[:len(sizes):len(sizes)], huge) {
		switch {
		case n > max:
		case n == 0:
			calls = append(calls, text(function, ""))
		default:
			calls = append(calls, Call{function, Input{Text: filler, Size: n}})
		}
	}
	for _, s := range texts {
		calls = append(calls, text(function, s))
	}
	return calls
}

// sdkSimple are plug-ins that take no input and look at no config.
func sdkSimple() []Case {
	log := single("log", "log.wasm", text("run_test", ""), text("run_test", ""))
	log.LogLevel = "info"
	quiet := single("log, switched off", "log.wasm", text("run_test", ""))
	return []Case{
		// Once is enough: it takes the SDK's kernel seconds.
		single("alloc", "alloc.wasm", text("run_test", "")),
		single("fail", "fail.wasm", text("run_test", ""), text("run_test", "again")),
		single("hello", "hello.wasm", text("run_test", ""), text("run_test", "")),
		single("noop", "noop.wasm", text("run_test", "")),
		single("println", "println.wasm", text("run_test", ""), text("run_test", "world")),
		single("var", "var.wasm", text("run_test", ""), text("run_test", "")),
		single("missing function", "hello.wasm", text("no_such_function", ""), text("run_test", "")),
		log,
		quiet,
	}
}

// sdkConfig are plug-ins whose answer depends on their config.
func sdkConfig() []Case {
	with := func(name, file, key, value string, calls ...Call) Case {
		c := single(name, file, calls...)
		c.Config = map[string]string{key: value}
		return c
	}
	all := []Case{
		single("config, unset", "config.wasm", text("run_test", "")),
		single("exit, no code", "exit.wasm", text("_start", "")),
		single("haskell, no greeting", "hello_haskell.wasm", text("testing", "John"), text("testing", "Paul")),
		single("sleep, no duration", "sleep.wasm", text("run_test", "")),
	}
	for _, v := range []string{"", "x", "hello", "Größe 世界 🌍", "a\x00b", "constructor", "12345678", "123456789"} {
		all = append(all, with("config "+quote(v), "config.wasm", "thing", v, text("run_test", "")))
	}
	all = append(all, with("config, another key", "config.wasm", "thingy", "x", text("run_test", "")))
	for _, v := range []string{"0", "1", "-1", "500", "abc"} {
		all = append(all, with("exit "+v, "exit.wasm", "code", v, text("_start", "")))
	}
	for _, v := range []string{"Howdy", "Grüß Gott"} {
		all = append(all, with("haskell "+v, "hello_haskell.wasm", "greeting", v, text("testing", "John"), text("testing", "Zoë")))
	}
	return append(all,
		with("sleep, not at all", "sleep.wasm", "duration", "0", text("run_test", "")),
		with("count_vowels, other vowels", "count_vowels.wasm", "vowels", "xyzß", bySize("count_vowels", 64<<10)...),
	)
}

// sdkInput are plug-ins that answer about their input.
func sdkInput() []Case {
	return []Case{
		single("count_vowels", "count_vowels.wasm", bySize("count_vowels", huge)...),
		single("replace", "replace.wasm", bySize("run_test", 64<<10)...),
		single("input_offset", "input_offset.wasm", bySize("input_offset_length", huge)...),
		single("count_vowels_std", "count_vowels_std.wasm", text("_start", "hello world")),
		single("std_command", "std_command.wasm", text("_start", "Zoë 世界")),
		single("std_command, empty", "std_command.wasm", text("_start", "")),
		single("std_command, 1 MiB", "std_command.wasm", Call{"_start", Input{Text: filler, Size: 1 << 20}}),
	}
}

// sdkLinked are plug-ins of more than one module.
func sdkLinked() []Case {
	return []Case{{
		Name:  "main linked with lib",
		Wasm:  []Wasm{{Name: "lib", File: "lib.wasm"}, {Name: "main", File: "main.wasm"}},
		Calls: []Call{text("run_test", "benjamin"), text("run_test", ""), text("run_test", "zoë")},
	}}
}

// sdkHosts are plug-ins that call functions of the host's own.
func sdkHosts() []Case {
	return []Case{
		single("host", "host.wasm", text("run_test", ""), text("run_test", "again")),
		single("host_memory", "host_memory.wasm", text("run_test", "Frodo"), text("run_test", ""), text("run_test", "zoë")),
		single("host_multiple", "host_multiple.wasm",
			text("say_green", "John"), text("say_purple", "John"), text("say_green", ""), text("say_purple", "世界")),
		// Instrumented; there is nobody who observes it.
		single("nested.c.instr", "nested.c.instr.wasm", text("_start", "")),
	}
}

// sdkHTTP are plug-ins that make requests, of addresses of their own or of those that
// they are given.
func sdkHTTP() []Case {
	const todo = `{"userId": 1, "id": 1, "title": "delectus aut autem", "completed": false}`
	reply := func(name, file string, hosts []string, r Reply, calls ...Call) Case {
		c := single(name, file, calls...)
		c.Hosts, c.Reply = hosts, &r
		return c
	}
	ask := func(name, host string, r Reply) Case {
		return reply(name, "http_headers.wasm", []string{host}, r, text("http_get", `{"url": "https://extism.org"}`))
	}
	test := []Call{text("run_test", ""), text("run_test", "again")}
	html := map[string]string{"Content-Type": "text/html; charset=utf-8"}
	return []Case{
		reply("http", "http.wasm", []string{"jsonplaceholder.*.com"}, Reply{Status: 200, Body: todo}, test...),
		reply("http, not found", "http.wasm", []string{"*"}, Reply{Status: 404, Body: "not found"}, test...),
		reply("http, nothing", "http.wasm", []string{"jsonplaceholder.typicode.com"}, Reply{Status: 204}, test...),
		reply("http, no hosts", "http.wasm", nil, Reply{Status: 200, Body: todo}, test...),
		reply("http, other hosts", "http.wasm", []string{"google.*", "typicode.com"}, Reply{Status: 200, Body: todo}, test...),
		ask("http_headers", "extism.org", Reply{Status: 200, Headers: html, Body: "<html>", Shown: true}),
		ask("http_headers, none", "extism.org", Reply{Status: 200, Body: "<html>", Shown: true}),
		ask("http_headers, hidden", "extism.org", Reply{Status: 200, Headers: html, Body: "<html>"}),
		ask("http_headers, another host", "*.extism.org", Reply{Status: 200, Headers: html, Shown: true}),
	}
}

// demo are the plug-ins of this repository.
func demo() []Case {
	greeting := single("greet, other greeting", "greet.wasm", text("greet", "Zoë"))
	greeting.Config = map[string]string{"greeting": "Ahoj 👋"}
	bare := single("shout without WASI", "shout.wasm", text("shout", "hello"))
	bare.NoWASI = true
	return []Case{
		bare,
		// These go byte by byte, which takes the SDK seconds for a mebibyte.
		single("shout", "shout.wasm", bySize("shout", 64<<10)...),
		single("shout reversed", "shout.wasm", bySize("reverse", 64<<10)...),
		single("vowels", "vowels.wasm", bySize("count_vowels", 64<<10)...),
		single("greet", "greet.wasm", bySize("greet", huge)...),
		single("greet, words", "greet.wasm", bySize("word_count", 1<<20)...),
		single("greet, memory", "greet.wasm", bySize("remember", 64<<10)...),
		greeting,
	}
}

// quote makes a config value fit for the name of a test.
func quote(s string) string {
	if s == "" {
		return "(empty)"
	}
	out := []rune(s)
	for i, r := range out {
		if r < ' ' || r == '/' {
			out[i] = '_'
		}
	}
	return string(out)
}
