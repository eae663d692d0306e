// Codecs, typed functions and declared host functions, as a program uses them under
// strict. It is only compiled.

import {
  codecs,
  hostFunction,
  type Codec,
  type Decoder,
  type ExtismPluginOptions,
  type ExtismPlugin,
  type PluginFunction,
  type TypedHostFunction,
} from '../../types/extism.js';

/** True if two types are the same, and not only assignable to each other. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : never;
const same = <A, B>(_: Same<A, B>): void => {};

interface Greeting {
  text: string;
  language?: string;
}

/** Of a program's own. */
const date: Codec<Date> = {
  encode: (value) => value.toISOString(),
  decode: (output) => new Date(output.text()),
};

/** It cannot encode, and need not. */
const length: Decoder<number> = { decode: (output) => output.byteLength };

export async function calls(plugin: ExtismPlugin): Promise<string> {
  const greet = plugin.function('greet', { input: codecs.text, output: codecs.json<Greeting>() });
  same<typeof greet, PluginFunction<string, Greeting>>(true);
  const { text, language }: Greeting = await greet('Ada', { hostContext: { user: 1 } });

  const parse = plugin.function('parse', { input: codecs.bytes, output: codecs.optional(codecs.json<Greeting>()) });
  same<Awaited<ReturnType<typeof parse>>, Greeting | undefined>(true);
  const parsed = await parse(new Uint8Array(8));
  // @ts-expect-error there may be none
  parsed.text;

  const now: Date = await plugin.function('now', { output: date })();
  const nothing: void = await plugin.function('forget')();
  const ended: void = await plugin.function('end', { input: codecs.none, output: codecs.none })(undefined, { hostContext: 1 });
  const size: number = await plugin.function('size', { input: date, output: length })(now);
  const unchecked = await plugin.function('any', { input: codecs.json(), output: codecs.json() })({ a: [1] });
  const own: string = await plugin.function('own', {
    input: { encode: (value: { n: number }) => String(value.n) },
    output: { decode: (output) => output.text() },
  })({ n: 1 });

  // @ts-expect-error the input is a string
  await greet(5);
  // @ts-expect-error there must be one
  await greet();
  // @ts-expect-error there is no such option
  await greet('Ada', { context: 1 });
  // @ts-expect-error a decoder cannot encode
  plugin.function('size', { input: length });
  // @ts-expect-error the output is no number
  const wrong: number = await greet('Ada');

  return [text, language, parsed?.text, nothing, ended, size, unchecked.b, own, wrong].join();
}

const all = hostFunction(
  { params: ['i32', 'i64', 'f32', 'f64', 'handle', 'text', 'bytes', 'json', date, codecs.json<Greeting>()], results: ['text'] },
  (context, i32, i64, f32, f64, handle, text, bytes, json, when, greeting) => {
    same<[typeof i32, typeof i64, typeof f32, typeof f64], [number, bigint, number, number]>(true);
    same<[typeof handle, typeof text, typeof when, typeof greeting], [bigint, string, Date, Greeting]>(true);
    same<typeof json, any>(true);
    context.free(handle);
    return text + bytes.length + when.getTime() + greeting.text + context.hostContext<string>();
  },
);
const lines: string[] = [];
const log = hostFunction({ params: ['text'] }, (_, line) => lines.push(line));
const random = hostFunction({ results: ['f64'] }, () => Math.random());
const divide = hostFunction({ params: ['i64', 'i64'], results: ['i64', 'i32'] }, (_, a, b) => [a / b, Number(a % b)]);
const both = hostFunction({ results: ['i32', 'text'] }, async () => [1, 'one']);
const later = hostFunction({ params: ['text'], results: [date] }, async (_, text) => new Date(text));
const maybe = hostFunction({ params: ['text'], results: ['json'] }, (_, key) => (key ? { key } : undefined));
const optional = hostFunction({ params: [codecs.optional(codecs.json<Greeting>())], results: ['handle'] }, (context, greeting) =>
  greeting ? context.store(greeting.text) : null,
);

export const functions: ExtismPluginOptions['functions'] = {
  'extism:host/user': { all, log, random, divide, both, later, maybe, optional },
};
const typed: TypedHostFunction = all;
export const types: readonly ('i32' | 'i64' | 'f32' | 'f64')[] = typed.signature.params;

// @ts-expect-error there is no such kind
hostFunction({ params: ['string'] }, () => {});
// @ts-expect-error a text is no number
hostFunction({ params: ['text'] }, (_, n: number) => n);
// @ts-expect-error a number is no text
hostFunction({ results: ['text'] }, () => 5);
// @ts-expect-error nor is a promise of one
hostFunction({ results: ['text'] }, async () => 5);
// @ts-expect-error one result is missing
hostFunction({ results: ['i32', 'i32'] }, () => [1]);
// @ts-expect-error there is only one argument
hostFunction({ params: ['i32'] }, (_, a, b) => [a, b]);
// @ts-expect-error a signature does not change
typed.signature.params.push('i32');
