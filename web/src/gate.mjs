// @ts-check

/** How many values the probe keeps alive, each in a global and a local of type i64. */
const liveValues = 2048;

/**
 * Makes the bytes of internal/kernel/gate.wasm. They are 36 KB, of which all but 250
 * count from 0 to 2,047: written out in a bundle they would be 15 KB of the
 * download. A test compares them with the file, which the edge build has.
 */
export function gate() {
  /** @type {number[]} */
  const out = [];
  const put = (/** @type {string} */ hex) => out.push(...(hex.match(/\w\w/g) ?? []).map((byte) => parseInt(byte, 16)));
  /** A number in LEB128, whose last byte is below a limit: 0x80, or 0x40 if it has a sign. */
  const leb = (/** @type {number} */ n, limit = 0x80) => {
    for (; n >= limit; n >>= 7) out.push((n & 0x7f) | 0x80);
    out.push(n);
  };

  put('0061736d 01000000');
  put('01 0d 03 60017f017f 600000 6000017f'); // types
  put('03 0a 09 00 01 01 01 01 01 02 02 01'); // functions

  put('06 cc5f 8210 7f0141000b 7f0141000b'); // globals: dead, depth and one for each value
  for (let i = 0; i < liveValues; i++) {
    out.push(0x7e, 1, 0x42); // mut i64, i64.const
    leb(i, 0x40);
    out.push(0x0b);
  }

  put('07 40 08'); // exports
  put('0570726f6265 0001 05656e746572 0002 077265656e746572 0003 056c65617665 0004'); // probe, enter, reenter, leave
  put('046b696c6c 0005 0464656164 0006 056465707468 0007 0474726170 0008'); // kill, dead, depth, trap

  put('0a fdbc01 09'); // code
  put('adbc01 01 80107e 20004100480440'); // $probe: its locals, and the path that is never taken
  for (let i = 0; i < liveValues; i++) {
    out.push(0x23); // global.get
    leb(i + 2);
    out.push(0x21); // local.set
    leb(i + 1);
  }
  put('410010001a'); // the call over which they are live
  for (let i = 0; i < liveValues; i++) {
    out.push(0x20); // local.get
    leb(((i + 1) % liveValues) + 1);
    out.push(0x24); // global.set
    leb(i + 2);
  }
  put('41000f0b 2000047f200041016b100041016a0541000b0b');
  put('07 00410c10001a0b'); // the exported functions
  put('11 0023002301720440000b1001410124010b');
  put('0f 0023002301720440000b410124010b');
  put('0c 0041002401230004 40000b0b');
  put('06 00410124000b 04 0023000b 04 0023010b 03 00000b');
  return new Uint8Array(out);
}
