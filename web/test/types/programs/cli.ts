// A command-line program of Node: it calls a function of a file.

import { readFile } from 'node:fs/promises';
import { createPlugin, type ExtismPluginOptions, type LogLevel, type ManifestWasmData, type ManifestWasmPath, type MemoryOptions } from '@extism/extism';

const LEVELS: LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error', 'silent'];

function parse(args: string[]): { path: string; name: string; input: string; options: ExtismPluginOptions } {
  const [path = '', name = 'run', input = ''] = args.filter((a) => !a.startsWith('--'));
  const flag = (n: string) => args.find((a) => a.startsWith(`--${n}=`))?.split('=')[1];
  const memory: MemoryOptions = {};
  const pages = flag('pages');
  if (pages) memory.maxPages = Number(pages);
  const options: ExtismPluginOptions = { useWasi: true, memory, enableWasiOutput: true, config: {} };
  const level = LEVELS.find((l) => l === flag('log'));
  if (level) options.logLevel = level;
  const key = flag('config');
  if (key && options.config) options.config[key] = 'set';
  return { path, name, input, options };
}

export async function main(args: string[]): Promise<number> {
  const { path, name, input, options } = parse(args);
  const file: ManifestWasmPath = { path };
  const data: ManifestWasmData = { data: await readFile(path) };
  const plugin = await createPlugin({ wasm: [args.includes('--read') ? data : file] }, options);
  for (const { name, kind } of await plugin.getExports()) console.log(`${kind} ${name}`);
  for (const { module, name, kind } of await plugin.getImports()) console.log(`${kind} ${module}.${name}`);
  const memory = (await plugin.getInstance()).exports['memory'] as WebAssembly.Memory | undefined;
  console.log(memory?.buffer.byteLength);
  if (!(await plugin.functionExists(name))) return 1;
  const output = await plugin.call(name, input);
  process.stdout.write(output?.bytes() ?? '');
  const reset: boolean = await plugin.reset();
  await plugin.close();
  return reset ? 0 : 2;
}
