// The twin of minimal.wat in C without a library: the same exports, the same
// answers. Section numbers are those of docs/ABI.md.
//
// Build with clang and lld, in two steps because a clang that links also runs
// whatever wasm-opt it finds:
//
//   clang --target=wasm32 -mbulk-memory -Oz -c -o minimal.o minimal.c
//   wasm-ld --no-entry --strip-all -o minimal_c.wasm minimal.o

typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;

// §3: offsets and lengths have 64 bits, although pointers here have 32.
#define ENV(name) \
  __attribute__((import_module("extism:host/env"), import_name(#name))) extern

ENV(alloc) u64 alloc(u64 length);
ENV(free) void free_(u64 block);
ENV(length) u64 length(u64 block);
ENV(length_unsafe) u64 length_unsafe(u64 block);
ENV(load_u8) u32 load_u8(u64 offset);
ENV(load_u64) u64 load_u64(u64 offset);
ENV(store_u8) void store_u8(u64 offset, u32 byte);
ENV(store_u64) void store_u64(u64 offset, u64 bytes);
ENV(memory_bytes) u64 memory_bytes(void);
ENV(reset) void reset(void);
ENV(input_length) u64 input_length(void);
ENV(input_load_u8) u32 input_load_u8(u64 index);
ENV(input_load_u64) u64 input_load_u64(u64 index);
ENV(input_offset) u64 input_offset(void);
ENV(input_set) void input_set(u64 offset, u64 length);
ENV(output_set) void output_set(u64 offset, u64 length);
ENV(output_offset) u64 output_offset(void);
ENV(output_length) u64 output_length(void);
ENV(error_set) void error_set(u64 block);
ENV(error_get) u64 error_get(void);
ENV(config_get) u64 config_get(u64 key);
ENV(var_get) u64 var_get(u64 key);
ENV(var_set) void var_set(u64 key, u64 value);
ENV(log_trace) void log_trace(u64 message);
ENV(log_debug) void log_debug(u64 message);
ENV(log_info) void log_info(u64 message);
ENV(log_warn) void log_warn(u64 message);
ENV(log_error) void log_error(u64 message);
ENV(get_log_level) int get_log_level(void);

// §9: the host's own. One takes and gives bytes, one takes numbers of every type.
#define USER(name) \
  __attribute__((import_module("extism:host/user"), import_name(#name))) extern

USER(upper) u64 upper(u64 text);
USER(sum) double sum(int a, long long b, float c, double d);

#define EXPORT(name) __attribute__((export_name(#name)))

// ---- What a development kit has ----------------------------------------------

typedef struct {
  u8 *at;
  u32 n;
} bytes;

static void put64(u8 *to, u64 v) { __builtin_memcpy(to, &v, 8); }

static u64 get64(const u8 *from) {
  u64 v;
  __builtin_memcpy(&v, from, 8);
  return v;
}

extern u8 __heap_base; // the linker's: from here on memory is free

// The input, in the guest's memory; at is 0 if there is no room for it.
static bytes read_input(void) {
  bytes in = {&__heap_base, input_length()};
  u64 end = (u64)(u32)in.at + in.n, have = (u64)__builtin_wasm_memory_size(0) << 16;
  if (end > have && __builtin_wasm_memory_grow(0, (end - have + 65535) >> 16) == (u32)-1) {
    return (bytes){0, 0};
  }
  // §4: eight bytes at a time, and none of these loads reaches over the end.
  u32 i = 0;
  for (; in.n - i >= 8; i += 8) put64(in.at + i, input_load_u64(i));
  for (; i < in.n; i++) in.at[i] = input_load_u8(i);
  return in;
}

// A block with a copy of the guest's bytes; 0 if there is no room or no byte.
static u64 block(const u8 *from, u32 n) {
  u64 to = alloc(n);
  if (to == 0) return 0;
  u32 i = 0;
  for (; n - i >= 8; i += 8) store_u64(to + i, get64(from + i));
  for (; i < n; i++) store_u8(to + i, from[i]);
  return to;
}

// §6: an error and its code. If there is no room for the text the code has to do.
static int failed(const u8 *text, u32 n, int code) {
  error_set(block(text, n));
  return code;
}

static int no_room(void) { return failed((const u8 *)"no room", 7, 1); }

// A whole block as output, without a copy. 0 leaves the output unset.
static void output_block(u64 b) { output_set(b, length(b)); }

static int output_byte(u32 byte) {
  u64 b = alloc(1);
  if (b == 0) return no_room();
  store_u8(b, byte);
  output_block(b);
  return 0;
}

// ---- The exports -----------------------------------------------------------------

static u32 calls; // how often this instance has been called

// §7: runs before anything else, once for each instance.
EXPORT(_initialize) void initialize(void) { calls = 64; }

// One byte, 'A' the first time, then 'B': the guest's globals outlive a call.
EXPORT(count) int count(void) { return output_byte(++calls); }

// The input by way of the guest's memory.
EXPORT(echo) int echo(void) {
  bytes in = read_input();
  if (!in.at) return no_room();
  if (in.n == 0) return 0;
  u64 out = block(in.at, in.n);
  if (out == 0) return no_room();
  output_block(out);
  return 0;
}

// The bytes of the input in reverse order, from block to block.
EXPORT(reverse) int reverse(void) {
  u64 n = input_length(), in = input_offset(), i = 0;
  if (n == 0) return 0;
  u64 out = alloc(n);
  if (out == 0) return no_room();
  for (; n - i >= 8; i += 8) store_u64(out + n - i - 8, __builtin_bswap64(load_u64(in + i)));
  for (; i < n; i++) store_u8(out + n - i - 1, load_u8(in + i));
  output_set(out, n);
  return 0;
}

// The input without its first and last byte, as part of the input's block.
EXPORT(middle) int middle(void) {
  u64 n = input_length(), from = input_offset() + 1;
  if (n <= 2) return 0;
  output_set(from, n - 2);
  output_set(0, 0);  // is ignored
  if (output_offset() != from) return 2;
  if (output_length() != n - 2) return 3;
  return 0;
}

// The value of the key that is the input. No output: there is none.
EXPORT(config) int config(void) {
  bytes in = read_input();
  if (!in.at) return no_room();
  output_block(config_get(block(in.at, in.n)));
  return 0;
}

// The input is a key, or key=value to set the var, key= to delete it. Gives the
// value that it had before.
EXPORT(var) int var(void) {
  bytes in = read_input();
  if (!in.at) return no_room();
  u32 key = 0;
  while (key < in.n && in.at[key] != '=') key++;
  // §3: a key is given away, so it takes a new block each time.
  output_block(var_get(block(in.at, key)));
  if (key == in.n) return 0;
  // An empty value has no block: 0 deletes.
  u64 value = block(in.at + key + 1, in.n - key - 1);
  var_set(block(in.at, key), value);
  return 0;
}

// The input at each level that is wanted; gives how many these are, a digit.
EXPORT(log) int log_(void) {
  static void (*const logs[])(u64) = {log_trace, log_debug, log_info, log_warn, log_error};
  bytes in = read_input();
  if (!in.at) return no_room();
  int lines = 0;
  for (int level = 0; level < 5; level++) {
    if (level < get_log_level()) continue;
    logs[level](block(in.at, in.n));
    lines++;
  }
  return output_byte('0' + lines);
}

// The input is a digit, the code to return, and the text of the error.
EXPORT(fail) int fail(void) {
  bytes in = read_input();
  if (!in.at || in.n == 0) return no_room();
  return failed(in.at + 1, in.n - 1, in.at[0] - '0');
}

static u64 taken_back(void) { return block((const u8 *)"taken back", 10); }

// An error that is taken back is none.
EXPORT(recover) int recover(void) {
  u64 text = taken_back();
  error_set(text);
  if (error_get() != text) return 2;
  error_set(0);
  if (error_get() != 0) return 3;
  output_block(text);
  return 0;
}

// An error whose block is freed has no text, and is none.
EXPORT(mute) int mute(void) {
  u64 text = taken_back();
  error_set(text);
  free_(text);
  return 0;
}

// What the host's function upper makes of the input.
EXPORT(ask) int ask(void) {
  bytes in = read_input();
  if (!in.at) return no_room();
  u64 question = block(in.at, in.n);
  // §9: both blocks are ours. The answer goes on as output.
  output_block(upper(question));
  free_(question);
  return 0;
}

// The sum of the first four bytes of the input, as a number of each type, by the
// host's function sum; one byte.
EXPORT(add) int add(void) {
  return output_byte((u32)sum(input_load_u8(0), input_load_u8(1), input_load_u8(2), input_load_u8(3)));
}

// Tries the rules of §2 and §3. Returns 0, or the number of the first that does not
// hold.
EXPORT(blocks) int blocks(void) {
  u64 n = input_length();
  if (alloc(0) != 0) return 1;
  u64 a = alloc(13), b = alloc(16);
  if (a == b) return 2;
  if (length(a) != 13) return 3;
  if (length_unsafe(b) != 16) return 4;
  if (length(0) != 0) return 5;
  if (length_unsafe(0) != 0) return 6;
  if (length(b + 8) != 0) return 7;
  // New blocks hold zeros.
  if (load_u64(a + 5) != 0) return 8;
  // Any alignment, the lowest byte first.
  store_u64(a + 5, 0x0807060504030201);
  if (load_u8(a + 5) != 1) return 9;
  if (load_u8(a + 12) != 8) return 10;
  // A store takes the lowest eight bits.
  store_u8(b, 0x1ff);
  if (load_u64(b) != 255) return 11;
  // Outside the memory.
  store_u8(0xfffffffff0, 1);
  if (load_u8(0xfffffffff0) != 0) return 12;
  if (input_load_u8(n) != 0) return 13;
  // What is freed has no length, and freeing what is no block does nothing.
  free_(a);
  free_(a);
  free_(0);
  free_(b + 8);
  if (length(a) != 0) return 14;
  if (length(b) != 16) return 15;
  // Another input.
  input_set(b, 16);
  if (input_offset() != b) return 16;
  if (input_length() != 16) return 17;
  if (input_load_u8(0) != 255) return 18;
  free_(b);
  if (input_length() != 0) return 19;
  if (memory_bytes() == 0) return 20;
  // After a reset nothing is left.
  a = alloc(1);
  output_set(a, 1);
  error_set(a);
  reset();
  if (length(a) != 0) return 21;
  if (output_length() != 0) return 22;
  if (error_get() != 0) return 23;
  return 0;
}
