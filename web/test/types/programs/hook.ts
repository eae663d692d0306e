// A hook in the way of React's: it loads a plug-in and gives a function that calls
// it.

import { CAPABILITIES, newPlugin, type ExtismPluginOptions, type ManifestLike, type Plugin, type PluginOutput } from '@extism/extism';

// As React declares them.
declare function useState<S>(initial: S): [S, (next: S) => void];
declare function useRef<T>(initial: T): { current: T };
declare function useEffect(effect: () => void | (() => void), dependencies: readonly unknown[]): void;

type State =
  | { status: 'loading' }
  | { status: 'ready'; plugin: Plugin }
  | { status: 'failed'; error: Error };

export interface UsePlugin {
  state: State;
  call(name: string, input?: string | number | Uint8Array): Promise<PluginOutput | null>;
}

export function usePlugin(manifest: ManifestLike | Promise<ManifestLike>, options: Omit<ExtismPluginOptions, 'functions'> = {}): UsePlugin {
  const [state, setState] = useState<State>({ status: 'loading' });
  const current = useRef<Plugin | null>(null);

  useEffect(() => {
    let gone = false;
    const creating = newPlugin(manifest, { ...options, runInWorker: options.runInWorker ?? (false && CAPABILITIES.hasWorkerCapability) });
    creating
      .then((plugin) => {
        if (gone) return void plugin.close();
        current.current = plugin;
        setState({ status: 'ready', plugin });
      })
      .catch((error: Error) => setState({ status: 'failed', error }));
    return () => {
      gone = true;
      current.current?.close().catch(console.error);
    };
  }, [manifest]);

  return {
    state,
    async call(name, input) {
      const plugin = current.current;
      if (!plugin || plugin.isActive()) return null;
      return plugin.call(name, input);
    },
  };
}

/** An image that a plug-in has made, for an img element. */
export async function imageURL(plugin: Plugin, name: string): Promise<string> {
  const output = await plugin.call('render', new TextEncoder().encode(name));
  if (output === null) throw new Error('no image');
  const header = new Uint8Array(output.buffer, output.byteOffset, 4);
  const png = header[0] === 0x89;
  return `${png ? 'png' : 'other'},${output.arrayBuffer().byteLength},${output.getUint16(0)}`;
}
