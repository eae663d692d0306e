// @ts-check

import { decode, encode } from '@msgpack/msgpack';

/**
 * Values as MessagePack. Nobody checks that what is decoded is a T.
 * @template T
 * @returns {import('extism-js').Codec<T>}
 */
export const msgpack = () => ({
  encode: (value) => encode(value),
  decode: (output) => /** @type {T} */ (decode(output.bytes())),
});
