// @ts-check

// A module's head is what comes before its elements, code and data: the sections
// that say what it imports and exports, and of which types. The core reads them
// (internal/wasm), but it may come to a module when only the compiled one is left.
// So a copy of the head is kept beside that.

/** In bytes: the core reads no section of more. */
const MAX_HEAD = 4 << 20;

/** Section identifiers (core spec §5.5.2): elements, code, data and the count of data, in no order of theirs. */
const FIRST_AFTER = 9;
const LAST_AFTER = 12;

/** The header of a module: its magic number and version. */
const HEADER = 8;

/**
 * Passes over the sections of a head.
 * @param {Uint8Array} bytes the beginning of a module
 * @param {number} at where a section begins
 * @returns {{ at: number, ended: boolean }} where the head ends, or the first section that is not all there
 */
function passSections(bytes, at) {
  while (at < bytes.length) {
    if (bytes[at] >= FIRST_AFTER && bytes[at] <= LAST_AFTER) return { at, ended: true };
    let size = 0;
    let i = at + 1;
    for (let unit = 1; i < bytes.length && i < at + 6; unit *= 128) {
      size += (bytes[i] & 127) * unit;
      if (bytes[i++] < 128) break;
    }
    if (i + size > bytes.length || bytes[i - 1] > 127 || i === at + 1) break;
    at = i + size;
  }
  return { at, ended: false };
}

/**
 * @param {Uint8Array} bytes a module
 * @returns {Uint8Array | undefined} a copy of its head; undefined if that is unusually long
 */
export function headOf(bytes) {
  const { at } = passSections(bytes, HEADER);
  return at > MAX_HEAD ? undefined : bytes.slice(0, at);
}

/**
 * Reads a module's head, and no more of it. It is never rejected.
 * @param {ReadableStreamDefaultReader<Uint8Array>} reader
 * @returns {Promise<Uint8Array | undefined>} undefined if the head is unusually long, or cannot be read
 */
export async function readHead(reader) {
  let bytes = new Uint8Array();
  let at = HEADER;
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return headOf(bytes);
      bytes = concat(bytes, value);
      const passed = passSections(bytes, at);
      if (passed.ended) return bytes.slice(0, passed.at);
      if (bytes.length > MAX_HEAD) return undefined;
      at = passed.at;
    }
  } catch {
    return undefined;
  } finally {
    reader.cancel().catch(() => {});
  }
}

/**
 * @param {Uint8Array} a
 * @param {Uint8Array} b
 */
function concat(a, b) {
  const all = new Uint8Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}
