// An edge worker that answers with plug-ins:
//
//   POST /shout/shout     the body in capitals
//   POST /greet/greet     a greeting for the name in the body
//
// Such platforms compile no WebAssembly while they run, so every module is
// imported: the plug-ins here, the runtime's own by extism.edge.mjs. The runtime
// starts inside the first request, where the platform's clocks and random
// numbers work; that takes a few milliseconds once per isolate.

import { createPlugin, ExtismError } from './extism.edge.mjs';
import greet from './plugins/greet.wasm';
import shout from './plugins/shout.wasm';

const plugins = { greet, shout };

/** What a failed call means to the client; everything else is our own fault. */
const statuses = { FUNCTION_NOT_FOUND: 404, PLUGIN_ERROR: 422 };

export default {
  async fetch(request) {
    const [, name, method, ...rest] = new URL(request.url).pathname.split('/');
    if (!Object.hasOwn(plugins, name) || !method || rest.length > 0) {
      return new Response('not found\n', { status: 404 });
    }
    if (request.method !== 'POST') {
      return new Response('POST the input\n', { status: 405, headers: { allow: 'POST' } });
    }
    try {
      return new Response(await answer(plugins[name], method, await request.bytes()));
    } catch (error) {
      if (!(error instanceof ExtismError)) throw error;
      const { code, message } = error;
      return Response.json({ code, message }, { status: statuses[code] ?? 500 });
    }
  },
};

// One plug-in a request: it is cheap, requests cannot see each other's data, and
// none waits for what another one has begun.
async function answer(module, method, input) {
  const plugin = await createPlugin(module, { useWasi: true, config: { greeting: 'Hello from the edge' } });
  try {
    return (await plugin.call(method, input))?.bytes() ?? null;
  } finally {
    await plugin.close();
  }
}
