// @ts-check

import { ExtismError } from './error.mjs';
import { emptyOutput } from './output.mjs';

/**
 * A function of a plug-in that takes and gives values; see types/extism.d.ts.
 * What a codec throws reaches the caller as it is.
 * @template [I=void]
 * @template [O=void]
 * @param {{ call: Function }} plugin is asked for its call each time, so whoever replaces that is heard
 * @param {string} name
 * @param {{ input?: import('./codecs.mjs').Encoder<I> | undefined, output?: import('./codecs.mjs').Decoder<O> | undefined }} [codecs]
 * @returns {(value: I, options?: { hostContext?: unknown, signal?: AbortSignal | undefined }) => Promise<O>}
 */
export function typedFunction(plugin, name, { input, output } = {}) {
  checkCodec('input', input, 'encode');
  checkCodec('output', output, 'decode');
  return async (value, { hostContext, signal } = {}) => {
    const bytes = input?.encode(value);
    const given = await (signal ? plugin.call(name, bytes, hostContext, { signal }) : plugin.call(name, bytes, hostContext));
    return /** @type {O} */ (output?.decode(given ?? emptyOutput()));
  };
}

/**
 * @param {string} what
 * @param {any} codec
 * @param {'encode' | 'decode'} method that it needs
 */
function checkCodec(what, codec, method) {
  if (codec === undefined || typeof codec?.[method] === 'function') return;
  throw new ExtismError('INVALID_INPUT', `${what}: a codec expected, which has ${method}`);
}
