// @ts-check

/**
 * Reads the body of a response, but not on once it is too long: what a server
 * says of the length beforehand may be wrong, and a body may have no end.
 * @param {Response} response whose body is consumed
 * @param {number} limit in bytes
 * @returns {Promise<Uint8Array | number>} the bytes; or, if they are more than the limit, how many have come by then
 */
export async function readBody(response, limit) {
  const parts = await readParts(response, limit);
  if (typeof parts === 'number') return parts;
  const bytes = new Uint8Array(lengthOf(parts));
  copyParts(parts, bytes, 0);
  return bytes;
}

/**
 * The same in parts, as they have come.
 * @param {Response} response
 * @param {number} limit in bytes
 * @param {AbortSignal} [signal] ends the reading; the parts may then be anything
 * @returns {Promise<Uint8Array[] | number>}
 */
export async function readParts(response, limit, signal) {
  const reader = response.body?.getReader?.();
  if (!reader || limit >= Number.MAX_SAFE_INTEGER) {
    reader?.releaseLock();
    const bytes = new Uint8Array(await response.arrayBuffer());
    return bytes.length > limit ? bytes.length : [bytes];
  }
  const cancel = () => reader.cancel().catch(() => {}); // whatever comes of it
  signal?.addEventListener('abort', cancel);
  /** @type {Uint8Array[]} */
  const parts = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return parts;
    if (!ArrayBuffer.isView(value)) throw new TypeError('the body is a stream of something else than bytes');
    length += value.byteLength;
    if (length > limit) {
      cancel();
      return length;
    }
    parts.push(value);
  }
}

/** @param {Uint8Array[]} parts */
export const lengthOf = (parts) => parts.reduce((n, part) => n + part.length, 0);

/**
 * @param {Uint8Array[]} parts
 * @param {Uint8Array} to
 * @param {number} at
 */
export function copyParts(parts, to, at) {
  for (const part of parts) {
    to.set(part, at);
    at += part.length;
  }
}
