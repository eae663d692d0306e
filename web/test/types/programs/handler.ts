// A request handler of a worker: one compiled module, a plug-in for each request.

import createPlugin, { type CallContext, type ManifestWasm, type ManifestWasmModule, type ManifestWasmUrl, type PluginConfigLike } from '@extism/extism';

interface Environment extends PluginConfigLike {
  REGION: string;
}

interface Modules {
  main: WebAssembly.Module;
  lib?: string;
}

function wasmOf(modules: Modules): ManifestWasm[] {
  const main: ManifestWasmModule = { module: modules.main };
  if (!modules.lib) return [main];
  const lib: ManifestWasmUrl & { name: string; hash?: string } = { url: new URL(modules.lib), name: 'lib' };
  return [lib, { ...main, name: 'main' }];
}

export default function handler(modules: Modules) {
  return {
    async fetch(request: Request, env: Environment): Promise<Response> {
      const seen: string[] = [];
      const plugin = await createPlugin(
        { wasm: wasmOf(modules), config: env, allowed_hosts: [new URL(request.url).hostname] },
        {
          fetch,
          config: env,
          functions: {
            env: {
              note: (context: CallContext, at: bigint) => {
                seen.push(context.read(at)?.text() ?? '');
              },
              now: () => BigInt(Date.now()),
            },
          },
        },
      );
      try {
        const output = await plugin.call('handle', await request.text(), { request });
        return new Response(output === null ? null : output.text(), { headers: { 'x-notes': String(seen.length) } });
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        return new Response(message, { status: /does not exist/.test(message) ? 404 : 500 });
      } finally {
        await plugin.close();
      }
    },
  };
}
