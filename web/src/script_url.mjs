// The URL of the classic script that this is bundled into. The bundler puts it
// wherever the shim says import.meta.url, so that the core is found beside the
// script. document.currentScript is only set while the script runs: read it now.
// In a worker there is no document, and the worker's own URL is what is left.

const script = /** @type {HTMLScriptElement | null} */ (globalThis.document?.currentScript ?? null);

export const scriptURL = script?.src || globalThis.location?.href;
