// @ts-check

// Fetches that the page makes for its worker. Bodies come piece by piece, as they are
// asked for, so that whoever reads one can stop.

/** @typedef {import('./worker_asking.mjs').Asking} Asking */
/** @typedef {import('./worker_protocol.mjs').Head} Head */

/**
 * What can be sent of a request.
 * @param {RequestInit | undefined} init
 */
function plain({ signal: _, ...init } = {}) {
  return init;
}

/**
 * @param {Asking} asking
 * @returns {typeof globalThis.fetch}
 */
export function pageFetch(asking) {
  return async (url, init) => {
    const asked = asking.ask({ kind: 'fetch', url: String(url), init: plain(init) }, [], init?.signal);
    const number = asking.last;
    return responseOf(await asked, {
      read: () => asking.ask({ kind: 'read', body: number }),
      cancel: () => asking.cancel(number),
    });
  };
}

/**
 * @param {Head} head
 * @param {{ read: () => Promise<Uint8Array | null>, cancel: () => void }} body
 */
function responseOf({ status, headers, url, type, redirected }, { read, cancel }) {
  const body = new ReadableStream(
    {
      async pull(controller) {
        const bytes = await read();
        if (bytes === null) controller.close();
        else controller.enqueue(bytes);
      },
      cancel,
    },
    { highWaterMark: 0 },
  );
  const response = new Response(body, { headers });
  // A response that is made of parts has none of these.
  for (const [name, value] of Object.entries({ status, url, type, redirected, ok: status >= 200 && status < 300 })) {
    Object.defineProperty(response, name, { value });
  }
  return response;
}

/**
 * The same while the worker stands still.
 * @param {Asking} asking
 * @returns {import('./http.mjs').FetchNow}
 */
export function pageFetchNow(asking) {
  return (url, init) => {
    const { headers, ...rest } = /** @type {Head} */ (asking.askNow({ kind: 'fetch', url, init: plain(init) }));
    const number = asking.last;
    return {
      response: { ...rest, headers: new Headers(headers) },
      read: () => asking.askNow({ kind: 'read', body: number }),
      cancel: () => asking.cancel(number),
    };
  };
}
