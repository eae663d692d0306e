// Runs the scenarios of manifest.mjs in a page.

import { run } from './manifest.mjs';

const guest = async (name) => new Uint8Array(await (await fetch(new URL(`rules/guests/${name}.wasm`, import.meta.url))).arrayBuffer());

/** The global object of a frame. */
async function realm() {
  const frame = document.createElement('iframe');
  document.body.append(frame);
  return frame.contentWindow;
}

/** @param {object[]} corpus */
export async function inPage(corpus) {
  const api = await import(new URL('/extism.mjs', import.meta.url));
  return run({ api, guest, realm, corpus, url: (name) => new URL(`manifest/${name}`, import.meta.url).href });
}
