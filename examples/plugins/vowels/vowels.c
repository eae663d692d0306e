// Counts vowels, in C without a standard library: what a plug-in is when
// nothing but a compiler helps.
//
// Build with clang and lld. In two steps, because a clang that links also runs
// whatever wasm-opt it finds; with -mbulk-memory, because clearing an array is a
// call of memset without it.
//
//   clang --target=wasm32 -mbulk-memory -Oz -c -o vowels.o vowels.c
//   wasm-ld --no-entry --strip-all -o vowels.wasm vowels.o

typedef unsigned char u8;
typedef unsigned long long u64;

// The host's functions. Handles and lengths are 64 bits wide whatever the size
// of the guest's own pointers.
#define HOST(name) \
  __attribute__((import_module("extism:host/env"), import_name(#name))) extern

HOST(input_length) u64 input_length(void);
HOST(input_load_u8) u8 input_load_u8(u64 offset);
HOST(alloc) u64 alloc(u64 length);
HOST(store_u8) void store_u8(u64 address, u8 value);
HOST(output_set) void output_set(u64 address, u64 length);

static const char vowels[5] = "aeiou";

// What is being written; 20 digits and a name for each of 6 numbers fit.
static char text[256];
static int used;

static void put(char c) { text[used++] = c; }

static void puts_(const char *s) {
  while (*s) put(*s++);
}

static void put_number(u64 n) {
  char digits[20];
  int count = 0;
  do {
    digits[count++] = '0' + n % 10;
    n /= 10;
  } while (n);
  while (count) put(digits[--count]);
}

static void output(void) {
  u64 block = alloc(used);
  for (int i = 0; i < used; i++) store_u8(block + i, text[i]);
  output_set(block, used);
}

// Text in, JSON out: how many of a, e, i, o and u there are, whatever their
// case, and of all of them together.
__attribute__((export_name("count_vowels"))) int count_vowels(void) {
  u64 each[5] = {0}, total = 0, length = input_length();
  for (u64 i = 0; i < length; i++) {
    // Bit 5 is the case of an ASCII letter; no other byte becomes one by it.
    u8 c = input_load_u8(i) | 0x20;
    for (int v = 0; v < 5; v++) {
      if (c == vowels[v]) each[v]++, total++;
    }
  }

  used = 0;  // the instance outlives the call
  puts_("{\"count\":");
  put_number(total);
  for (int v = 0; v < 5; v++) {
    puts_(",\"");
    put(vowels[v]);
    puts_("\":");
    put_number(each[v]);
  }
  put('}');
  output();
  return 0;
}
