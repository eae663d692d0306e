// A program as it would be written for @extism/extism, and what is new. It is only
// compiled.

import createPlugin, {
  CAPABILITIES,
  ExtismError,
  PluginOutput,
  codecs,
  coreStats,
  createPool,
  newPlugin,
  stores,
  type CallContext,
  type CurrentPlugin,
  type ExtismErrorCode,
  type ExtismPlugin,
  type ExtismPluginOptions,
  type Logger,
  type Manifest,
  type ManifestLike,
  type Plugin,
  type VarStore,
  type Pool,
} from '../../types/extism.js';

const functions: ExtismPluginOptions['functions'] = {
  'extism:host/user': {
    shout(context: CallContext, offset: bigint) {
      const text = context.read(offset)?.string() ?? '';
      context.setVariable('last', text);
      return context.store(text.toUpperCase());
    },
    stop(context: CurrentPlugin) {
      context.setError(new Error(context.hostContext<{ why: string }>().why));
    },
  },
};

const manifest: Manifest = {
  wasm: [{ url: 'https://example.com/a.wasm', name: 'main', hash: '00' }, { data: new Uint8Array() }],
  config: { greeting: 'hello' },
  memory: { maxPages: 4, maxVarBytes: 0 },
  allowed_hosts: ['example.com'],
};

export async function program(): Promise<number> {
  const plugin: Plugin = await createPlugin(manifest, { useWasi: true, functions, logger: console, logLevel: 'info' });
  const output: PluginOutput | null = await plugin.call('run', 'input', { why: 'because' });
  const bytes: Uint8Array = output!.bytes();
  const view: number = output!.getUint32(0, true);
  await plugin.call('run', new Uint8Array([1]));
  await plugin.call('run');
  if (await plugin.functionExists('run')) await plugin.reset();
  const exports: WebAssembly.ModuleExportDescriptor[] = await plugin.getExports();
  const instance: WebAssembly.Instance = await plugin.getInstance();
  await plugin.close();
  return bytes.length + view + exports.length + Object.keys(instance.exports).length;
}

export async function forms(response: Response, module: WebAssembly.Module): Promise<void> {
  const all: (ManifestLike | Promise<ManifestLike>)[] = [
    new URL('https://example.com/'), 'plugin.wasm', '{"wasm":[]}', new ArrayBuffer(8), new DataView(new ArrayBuffer(8)),
    response, Promise.resolve(response), module, manifest,
  ];
  for (const m of all) {
    await using plugin = await newPlugin(m);
    if (plugin.isActive()) throw new Error('active');
  }
}

export const spellings: Manifest[] = [
  { wasm: [{ response: fetch('a.wasm') }, { module: WebAssembly.compileStreaming(fetch('b.wasm')) }], memory: { max_pages: 4 }, timeout_ms: null },
  { wasm: [{ data: new SharedArrayBuffer(8) }, { url: 'c.wasm', method: 'POST', header: { a: 'b' } }], memory: { max: 4, maxVarBytes: 0 } },
];
export const limited: ExtismPluginOptions = { maxModuleBytes: 1 << 20 };
/** A store of one's own, and a logger that knows whose records it gets. */
export async function kept(storage: Storage, map: Map<string, Uint8Array>): Promise<string> {
  const vars: VarStore = {
    load: async () => [['key', new Uint8Array()], [new Uint8Array([255]), new Uint8Array()]],
    save(changes) {
      for (const [key, value] of changes) storage.setItem(key, String(value?.length));
    },
  };
  const take: Logger['info'] = (text, { plugin, source }) => console.log(plugin, source, text);
  const logger: Logger = { trace: take, debug: take, info: take, warn: take, error: async () => {} };
  const plugin = await createPlugin('x.wasm', { vars, logger, name: 'x' });
  plugin.logLevel = 'warn';
  // @ts-expect-error there is no such level
  plugin.logLevel = 'verbose';
  for (const store of [stores.map(map), stores.storage(storage, 'x:'), stores.indexedDB('x')]) await createPlugin('x.wasm', { vars: store });
  return `${plugin.name} ${plugin.id} ${plugin.logLevel}`;
}

export function failures(error: unknown): string {
  if (!(error instanceof ExtismError)) return 'a host function’s own';
  const code: ExtismErrorCode = error.code;
  // @ts-expect-error there is no such code
  if (code === 'NO_SUCH_CODE') return '';
  return `${code} ${error.module} ${error.function} ${String(error.cause)}`;
}

// @ts-expect-error options are checked
export const wrong = createPlugin('x.wasm', { useWasm: true });

export async function pooled(): Promise<number> {
  await using pool: Pool = await createPool(manifest, { min: 0, max: 4, idleMs: Infinity, maxQueue: 100, useWasi: true, functions });
  const output: PluginOutput | null = await pool.call('run', 'input', { why: 'because' }, { signal: AbortSignal.timeout(5) });
  const shout = pool.function('shout', { input: codecs.text, output: codecs.text });
  const text: string = await shout('x');
  const length: number = await pool.use(async (plugin: ExtismPlugin) => (await plugin.call('run'))!.byteLength);
  await pool.drain();
  return output!.byteLength + text.length + length + pool.stats.size + pool.stats.waiting;
}

export const facts: [boolean, number | undefined] = [CAPABILITIES.supportsWasiPreview1, coreStats()?.memoryBytes];
