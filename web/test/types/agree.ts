// The public declarations against the shim's own types, and against the types of
// @extism/extism. It is only compiled: what does not agree is an error here.

import type * as peer from '@extism/extism';
import type * as declared from '../../types/extism.js';
import type * as runtime from '../../src/extism.mjs';
import type * as edge from '../../src/edge.mjs';
import type { CallContext as RuntimeContext } from '../../src/context.mjs';
import type { Plugin as RuntimePlugin } from '../../src/plugin.mjs';
import type { Pool as RuntimePool } from '../../src/pool.mjs';

/** True if two types have the same public members. */
type SameKeys<A, B> = [keyof A] extends [keyof B] ? ([keyof B] extends [keyof A] ? true : never) : never;

/** Takes a value of the second type for one of the first. */
type Accepts<To, From extends To> = From;

/** What people name; a symbol may be a class's own business. */
type Named<T> = { [K in keyof T & string]: T[K] };

// What the bundles export is what is declared.
export const exported: SameKeys<typeof declared, typeof runtime> = true;
export const exportedOnTheEdge: SameKeys<typeof declared, typeof edge> = true;
export const capabilities: SameKeys<declared.Capabilities, typeof runtime.CAPABILITIES> = true;
export const output: SameKeys<declared.PluginOutput, runtime.PluginOutput> = true;
export const error: SameKeys<declared.ExtismError, runtime.ExtismError> = true;
export const plugin: SameKeys<Named<declared.ExtismPlugin>, Named<RuntimePlugin>> = true;
export const pool: SameKeys<Named<declared.Pool>, Named<RuntimePool>> = true;
export const poolStats: SameKeys<declared.PoolStats, RuntimePool['stats']> = true;
export const codecs: SameKeys<typeof declared.codecs, typeof runtime.codecs> = true;
export const context: SameKeys<Named<declared.CallContext>, Named<RuntimeContext>> = true;

export type Runtime = [
  Accepts<Omit<declared.ExtismPlugin, 'call' | symbol>, RuntimePlugin>,
  Accepts<Named<Omit<declared.CallContext, 'read' | 'getVariable'>>, RuntimeContext>,
  Accepts<declared.Capabilities, typeof runtime.CAPABILITIES>,
  Accepts<typeof declared.codecs, typeof runtime.codecs>,
  Accepts<(...args: any[]) => Pick<declared.TypedHostFunction, 'signature'>, typeof runtime.hostFunction>,
  Accepts<typeof declared.stores, typeof runtime.stores>,
];

// A program that was written for @extism/extism compiles: everything that it may
// hand in is taken, and everything that it may ask for is there.
export const peerExports: [keyof typeof peer] extends [keyof typeof declared] ? true : never = true;
export const peerPlugin: [keyof peer.Plugin] extends [keyof declared.Plugin] ? true : never = true;
export const peerContext: [keyof peer.CallContext & string] extends [keyof declared.CallContext] ? true : never = true;

export type Peer = [
  Accepts<declared.ManifestLike, peer.ManifestLike>,
  Accepts<declared.Manifest, peer.Manifest>,
  Accepts<declared.ManifestWasm, peer.ManifestWasm>,
  Accepts<declared.MemoryOptions, peer.MemoryOptions>,
  Accepts<Omit<declared.ExtismPluginOptions, 'functions'>, Omit<peer.ExtismPluginOptions, 'functions'>>,
  Accepts<peer.Capabilities, declared.Capabilities>,
  Accepts<NonNullable<peer.ExtismPluginOptions['functions']>[string][string], declared.TypedHostFunction>,
  Accepts<peer.LogLevel, declared.LogLevel>,
  Accepts<declared.LogLevel, peer.LogLevel>,
  Accepts<peer.PluginConfigLike, declared.PluginConfig>,
  Accepts<declared.PluginConfigLike, peer.PluginConfig>,
];
