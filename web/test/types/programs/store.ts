// A host with a key-value store, kept by tenant.

import createPlugin, { type CurrentPlugin, type ExtismPluginOptions, type Manifest, type Plugin } from '@extism/extism';

interface Session {
  tenant: string;
  readOnly: boolean;
}

class Store {
  #entries = new Map<string, Uint8Array>();

  get(tenant: string, key: string): Uint8Array | undefined {
    return this.#entries.get(`${tenant}/${key}`);
  }
  set(tenant: string, key: string, value: Uint8Array): void {
    this.#entries.set(`${tenant}/${key}`, value);
  }
}

function hostFunctions(store: Store): NonNullable<ExtismPluginOptions['functions']> {
  return {
    'extism:host/user': {
      kv_read(cp: CurrentPlugin, keyOffset: bigint): bigint {
        const key = cp.read(keyOffset)?.text() ?? '';
        const value = store.get(cp.hostContext<Session>().tenant, key);
        return value ? cp.store(value) : 0n;
      },
      kv_write(cp: CurrentPlugin, keyOffset: bigint, valueOffset: bigint): void {
        const session: Session = cp.hostContext();
        if (session.readOnly) {
          cp.setError(new Error('read-only'));
          return;
        }
        const value = cp.read(valueOffset);
        if (value === null) return;
        const first: number = value.getUint32(0, true);
        cp.setVariable('last', `${first} of ${value.byteLength}`);
        store.set(session.tenant, cp.read(keyOffset)!.string(), value.bytes());
      },
      kv_size: (cp: CurrentPlugin, keyOffset: bigint): bigint => cp.length(keyOffset),
    },
  };
}

export async function count(wasm: Uint8Array, text: string): Promise<number> {
  const manifest: Manifest = { wasm: [{ data: wasm, name: 'main' }], config: { vowels: 'aeiou' }, allowedHosts: [] };
  const options: ExtismPluginOptions = {
    useWasi: true,
    functions: hostFunctions(new Store()),
    logger: console,
    logLevel: 'warn',
    memory: { maxPages: 16, maxVarBytes: 1 << 16 },
    sharedArrayBufferSize: 1 << 20,
    nodeWorkerArgs: { name: 'plug-in', execArgv: [], resourceLimits: { maxOldGenerationSizeMb: 64 } },
    timeoutMs: null,
  };
  const plugin: Plugin = await createPlugin(manifest, options);
  try {
    const output = await plugin.call<Session>('count_vowels', text, { tenant: 'a', readOnly: false });
    return output ? output.json().count : 0;
  } finally {
    await plugin.close();
  }
}
