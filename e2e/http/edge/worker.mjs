// Makes the request that its own request describes by a plug-in: JSON with the options
// and the guest's input.

import { createPlugin } from './extism.edge.mjs';
import http from './http.wasm';

export default {
  async fetch(request) {
    const { options, input } = await request.json();
    const plugin = await createPlugin(http, options);
    try {
      const output = await plugin.call('body', input);
      const status = (await plugin.call('status')).getUint32(0, true);
      return Response.json({ status, body: output?.text() ?? '' });
    } catch ({ code, message }) {
      return Response.json({ code, message });
    } finally {
      await plugin.close();
    }
  },
};
