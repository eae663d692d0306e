// What extism.js, the build for script tags, adds to a page.
declare var Extism: typeof import('./extism.js');
