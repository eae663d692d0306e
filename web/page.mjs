// The page's own script: a client of the public API (globalThis.Extism) and of
// nothing else. One plug-in is there at a time; its calls run one by one.

/** @type {(id: string) => any} */
const $ = (id) => document.getElementById(id);

/** Exports that serve a language's run time, not callers. */
const INTERNAL = /^(_|asyncify_|hs_|malloc$|free$|calloc$|realloc$)/;

/** What an error code means to somebody who looks at the page, and what to do. */
const EXPLAINED = {
  PLUGIN_ERROR: ['The plug-in reported an error', ''],
  NON_ZERO_EXIT: ['The function failed', 'It returned a code that is not zero and gave no reason.'],
  TRAP: ['The plug-in crashed', 'Its WebAssembly code hit an instruction that stops it, such as a division by zero.'],
  FUNCTION_NOT_FOUND: ['There is no such function', ''],
  INVALID_WASM: ['This is no plug-in', 'The file is not a valid WebAssembly module.'],
  UNRESOLVED_IMPORT: ['The plug-in needs something that this page does not offer', 'It was made for a host that gives it functions of its own.'],
  FETCH_FAILED: ['The plug-in could not be loaded', 'Is the address right? Other sites must allow this page to read from them (CORS).'],
  OUT_OF_MEMORY: ['There is not enough memory', ''],
};

const state = {
  /** @type {string | Uint8Array} an address or a module's bytes */
  source: '',
  /** @type {any} the plug-in, once it is created */
  plugin: null,
  createTime: 0,
  // Raised by everything that makes what is under way pointless.
  turn: 0,
  /** @type {{ level: string, text: string }[]} */
  log: [],
};

// ---- plug-ins

/**
 * Closes the plug-in that is there and creates one from the current source.
 * @returns {Promise<boolean>} whether it is there and nothing newer has begun
 */
async function create() {
  const turn = ++state.turn;
  busy(true);
  state.log = [];
  const old = state.plugin;
  state.plugin = null;
  try {
    await old?.close();
    const start = performance.now();
    const plugin = await Extism.createPlugin(manifest(), { useWasi: true, config: config(), logger, logLevel: 'info' });
    if (turn !== state.turn) {
      await plugin.close();
      return false;
    }
    state.plugin = plugin;
    state.createTime = performance.now() - start;
    listFunctions(await plugin.getExports());
    return turn === state.turn;
  } catch (error) {
    if (turn === state.turn) showError(error);
    return false;
  } finally {
    if (turn === state.turn) busy(false);
  }
}

function manifest() {
  const { source } = state;
  return typeof source === 'string' ? new URL(source, document.baseURI) : { wasm: [{ data: source }] };
}

function config() {
  const pairs = $('config').value.split('\n').filter((/** @type {string} */ line) => line.includes('='));
  return Object.fromEntries(pairs.map((/** @type {string} */ line) => {
    const at = line.indexOf('=');
    return [line.slice(0, at).trim(), line.slice(at + 1).trim()];
  }));
}

const logger = /** @type {any} */ (Object.fromEntries(['trace', 'debug', 'info', 'warn', 'error'].map((level) => [
  level, (/** @type {unknown} */ text) => void state.log.push({ level, text: String(text) }),
])));

/** @param {WebAssembly.ModuleExportDescriptor[]} exports */
function listFunctions(exports) {
  const names = exports.filter((e) => e.kind === 'function').map((e) => e.name);
  const own = names.filter((n) => !INTERNAL.test(n));
  const others = names.filter((n) => INTERNAL.test(n));
  const wanted = checked()?.dataset.function;
  const select = $('function');
  select.replaceChildren(...own.map(option));
  if (others.length > 0) {
    const group = document.createElement('optgroup');
    group.label = own.length > 0 ? 'Of its language’s run time' : 'Exports';
    group.append(...others.map(option));
    select.append(group);
  }
  if (wanted && names.includes(wanted)) select.value = wanted;
}

/** @param {string} name */
function option(name) {
  return new Option(name, name);
}

// ---- calls

/** Calls the chosen function and shows what comes of it. */
async function call() {
  const { plugin } = state;
  const name = $('function').value;
  if (!plugin || !name) return;
  const turn = ++state.turn;
  state.log = [];
  busy(true);
  try {
    const start = performance.now();
    const output = await plugin.call(name, $('input').value);
    const time = performance.now() - start;
    if (turn === state.turn) showOutput(output, time);
  } catch (error) {
    if (turn === state.turn) showError(error);
  } finally {
    if (turn === state.turn) busy(false);
  }
}

async function createAndCall() {
  if (await create()) await call();
}

// ---- what is shown

/** @param {boolean} on */
function busy(on) {
  $('run').disabled = on || !state.plugin;
  $('restart').disabled = on;
  $('result').setAttribute('aria-busy', String(on));
}

/**
 * @param {any} output what call gave: null if the plug-in set no output
 * @param {number} time in milliseconds
 */
function showOutput(output, time) {
  const bytes = output === null ? new Uint8Array() : output.bytes();
  const text = bytes.length === 0 ? '' : asText(bytes);
  $('output').textContent = text || 'No output.';
  $('output').classList.toggle('empty', text === '');
  $('output').hidden = false;
  $('error').hidden = true;
  showTimes([['created in', milliseconds(state.createTime)], ['called in', milliseconds(time)], ['output', size(bytes.length)]]);
  showLog();
}

/** @param {Uint8Array} bytes */
function asText(bytes) {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return pretty(text);
  } catch {
    return hex(bytes);
  }
}

/** Lays JSON objects and arrays out; other text stays as it is. @param {string} text */
function pretty(text) {
  if (!/^\s*[[{]/.test(text)) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** Sixteen bytes to a line, the first 4 KiB. @param {Uint8Array} bytes */
function hex(bytes) {
  const lines = [];
  for (let i = 0; i < Math.min(bytes.length, 4096); i += 16) {
    const row = Array.from(bytes.subarray(i, i + 16), (b) => b.toString(16).padStart(2, '0'));
    lines.push(i.toString(16).padStart(6, '0') + '  ' + row.join(' '));
  }
  if (bytes.length > 4096) lines.push('…');
  return lines.join('\n');
}

/** @param {any} error */
function showError(error) {
  const [title, hint] = EXPLAINED[/** @type {keyof typeof EXPLAINED} */ (error?.code)] ?? ['That did not work', ''];
  $('error-code').textContent = error?.code ?? error?.name ?? 'Error';
  $('error-title').textContent = title;
  $('error-message').textContent = error?.message ?? String(error);
  $('error-hint').textContent = hint;
  $('error').hidden = false;
  $('output').hidden = true;
  showTimes(state.plugin ? [['created in', milliseconds(state.createTime)]] : []);
  showLog();
}

/** @param {string[][]} items pairs of a label and a value */
function showTimes(items) {
  $('times').replaceChildren(...items.map(([label, value]) => {
    const chip = document.createElement('span');
    const strong = document.createElement('b');
    strong.textContent = value;
    chip.append(label + ' ', strong);
    return chip;
  }));
}

function showLog() {
  $('log').hidden = state.log.length === 0;
  $('log-lines').replaceChildren(...state.log.map(({ level, text }) => {
    const line = document.createElement('li');
    line.className = level === 'error' ? 'error-line' : level;
    line.textContent = `${level}: ${text}`;
    return line;
  }));
}

/** @param {number} ms */
function milliseconds(ms) {
  if (ms < 0.1) return '< 0.1 ms';
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}

/** @param {number} n */
function size(n) {
  if (n < 1000) return n === 1 ? '1 byte' : `${n} bytes`;
  return n < 1e6 ? `${(n / 1e3).toFixed(1)} KB` : `${(n / 1e6).toFixed(1)} MB`;
}

// ---- choosing

/** @returns {HTMLInputElement | null} */
function checked() {
  return document.querySelector('input[name=plugin]:checked');
}

function choose() {
  const choice = checked();
  if (!choice) return;
  if (choice.value) state.source = choice.value;
  else if (own !== null) state.source = own;
  if (choice.dataset.input !== undefined) $('input').value = choice.dataset.input;
  return createAndCall();
}

/** @type {string | Uint8Array | null} what the visitor brought along */
let own = null;

/**
 * @param {string | Uint8Array} source
 * @param {string} name
 * @param {string} note
 */
async function chooseOwn(source, name, note) {
  own = source;
  $('own-name').textContent = name;
  $('own-name').title = name;
  $('own-size').textContent = note;
  $('own').hidden = false;
  $('own').querySelector('input').checked = true;
  state.source = source;
  // A stranger's function is not called before the visitor says so.
  if (await create()) {
    $('output').textContent = 'Ready. Choose a function and run it.';
    $('output').classList.add('empty');
    $('output').hidden = false;
    $('error').hidden = true;
    showTimes([['created in', milliseconds(state.createTime)]]);
    $('function').focus();
  }
}

/** @param {File | undefined} file */
async function chooseFile(file) {
  if (!file) return;
  await chooseOwn(new Uint8Array(await file.arrayBuffer()), file.name, `your file, ${size(file.size)}`);
}

// ---- events

$('plugins').addEventListener('change', choose);
$('function').addEventListener('change', call);
$('restart').addEventListener('click', createAndCall);
$('config').addEventListener('change', createAndCall);

$('file').addEventListener('change', async () => {
  await chooseFile($('file').files[0]);
  $('file').value = ''; // so that the same file can be opened again, rebuilt
});

$('url-form').addEventListener('submit', (/** @type {Event} */ event) => {
  event.preventDefault();
  const url = new URL($('url').value);
  return chooseOwn(url.href, url.pathname.split('/').pop() || url.host, url.host);
});

$('call-form').addEventListener('submit', (/** @type {Event} */ event) => {
  event.preventDefault();
  return call();
});

document.addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  if (!$('run').disabled) call();
});

for (const type of ['dragover', 'dragleave', 'drop']) {
  document.addEventListener(type, (event) => {
    event.preventDefault();
    document.body.classList.toggle('dragging', type === 'dragover');
    if (type === 'drop') chooseFile(/** @type {DragEvent} */ (event).dataTransfer?.files[0]);
  });
}

if (/Mac|iPhone|iPad/.test(navigator.platform)) $('shortcut').textContent = '⌘ + Enter';

// A reloaded page keeps its fields in some browsers, so start from what is there.
if (window.Extism) choose();
else showError(new Error('extism.js did not load. Is it beside this page?'));
