// Entry of extism.js, for pages that load the runtime with one script tag. It
// adds the name Extism to the global object and nothing else.

import * as api from './extism.mjs';

/** @type {any} */ (globalThis).Extism = Object.freeze({ ...api });
