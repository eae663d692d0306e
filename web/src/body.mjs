// @ts-check

/**
 * Reads the body of a response, but not on once it is too long: what a server
 * says of the length beforehand may be wrong, and a body may have no end.
 * @param {Response} response whose body is consumed
 * @param {number} limit in bytes
 * @returns {Promise<Uint8Array | number>} the bytes; or, if they are more than the limit, how many have come by then
 */
export async function readBody(response, limit) {
  const reader = response.body?.getReader?.();
  if (!reader || limit >= Number.MAX_SAFE_INTEGER) {
    reader?.releaseLock();
    const bytes = new Uint8Array(await response.arrayBuffer());
    return bytes.length > limit ? bytes.length : bytes;
  }
  /** @type {Uint8Array[]} */
  const chunks = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return joined(chunks, length);
    if (!ArrayBuffer.isView(value)) throw new TypeError('the body is a stream of something else than bytes');
    length += value.byteLength;
    if (length > limit) {
      reader.cancel().catch(() => {}); // whatever comes of it
      return length;
    }
    chunks.push(value);
  }
}

/**
 * @param {Uint8Array[]} chunks
 * @param {number} length of all together
 */
function joined(chunks, length) {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
