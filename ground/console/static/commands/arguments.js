// An argument as the dictionary declares it: its words, its bounds, whether what was typed can be.
// The station checks again, and decides (ground/commanding/arguments.py).

const NUMBER = /^[+-]?\d{1,20}(\.\d{1,20})?([eE][+-]?\d)?$/;
const BITS = { b: 8n, h: 16n, l: 32n, q: 64n };
const MANY = 4; // arguments
const RAW_COUNT = 'raw count';
const NONE = { settings: [], pool: [] };
const OWN_NONCE = 'rotate_key'; // the ground chooses its only argument

export const argumentsOf = (command) => (command.name === OWN_NONCE ? [] : command.parameters);
export const stateNames = (declared) => Object.values(declared.states);
const isText = (declared) => declared.format.endsWith('s');
const size = (declared) => parseInt(declared.format, 10);

// The setting whose range, scale and unit hold for this argument, when an earlier one names it.
export function settingOf(declared, { settings }, given) {
  return declared.setting ? settings.find((s) => s.name === given[declared.setting]) : null;
}

// The setting, or the onboard parameter, whose scale and unit hold.
function namedOf(declared, dictionary, given) {
  const parameter = declared.onboard ? dictionary.pool.find((p) => p.name === given[declared.onboard]) : null;
  return parameter ?? settingOf(declared, dictionary, given);
}

// The unit; of a number that is named and has none that it is a count.
export function unitOf(declared, dictionary, given) {
  const named = namedOf(declared, dictionary, given);
  return (named ?? declared).unit || (named && isWhole({ offset: 0, ...named }) ? RAW_COUNT : '');
}

function bounds(declared, dictionary, given) {
  const { low, high } = settingOf(declared, dictionary, given) ?? declared;
  const { scale, offset = 0 } = namedOf(declared, dictionary, given) ?? declared;
  const kind = declared.format.at(-1);
  const bits = BITS[kind.toLowerCase()];
  const [least, most] = kind === kind.toLowerCase() ? [-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n] : [0n, (1n << bits) - 1n];
  return { low: low === null ? least : BigInt(low), high: high === null ? most : BigInt(high), scale, offset };
}

const isWhole = ({ scale, offset }) => scale === 1 && offset === 0;
const engineering = (raw, range) =>
  isWhole(range) ? String(raw) : String(Number((Number(raw) * range.scale + range.offset).toPrecision(12)));

// What an argument may be, in words; `given` holds what is in the other fields.
export function allowed(declared, dictionary, given) {
  if (isText(declared)) {
    return declared.binary ? `${size(declared)} octets in hexadecimal` : `text of up to ${size(declared)} bytes`;
  }
  if (stateNames(declared).length) return 'one of the list';
  if (declared.setting && !given[declared.setting]) return `what the ${declared.setting} takes: choose it first`;
  if (declared.onboard && !given[declared.onboard]) return `a number in the unit of that ${declared.onboard}: choose it first`;
  const range = bounds(declared, dictionary, given);
  const unit = unitOf(declared, dictionary, given);
  const kind = isWhole(range) ? 'a whole number' : 'a number';
  return `${kind} from ${engineering(range.low, range)} to ${engineering(range.high, range)}${unitWords(unit)}`;
}

function unitWords(unit) {
  if (unit === RAW_COUNT) return ` (${RAW_COUNT})`;
  return unit ? ` ${unit}` : '';
}

export function defaultText(declared) {
  if (declared.default === null) return '';
  const state = declared.states[declared.default];
  return state ?? engineering(BigInt(declared.default), bounds(declared, NONE, {}));
}

// Why the text cannot be sent; null when it can.
export function wrong(declared, dictionary, given) {
  const text = given[declared.name] ?? '';
  if (text === '') return declared.default === null ? `needed: ${allowed(declared, dictionary, given)}` : null;
  return isPossible(declared, dictionary, given, text) ? null : `${text} is not ${allowed(declared, dictionary, given)}`;
}

function isPossible(declared, dictionary, given, text) {
  if (isText(declared)) {
    if (!declared.binary) return new TextEncoder().encode(text).length <= size(declared);
    return text.length === 2 * size(declared) && /^[0-9a-f]*$/i.test(text);
  }
  if (stateNames(declared).length) return stateNames(declared).includes(text);
  if (!NUMBER.test(text)) return false;
  const range = bounds(declared, dictionary, given);
  const value = Number(text);
  if (isWhole(range) && !Number.isInteger(value)) return false;
  const raw = isWhole(range) && /^[+-]?\d+$/.test(text) ? BigInt(text.replace('+', '')) : BigInt(Math.round((value - range.offset) / range.scale));
  return range.low <= raw && raw <= range.high;
}

// Why this command with these arguments needs a second confirmation; '': it needs none.
export function hazard(command, dictionary, given) {
  if (command.hazardous) return command.hazardous;
  return argumentsOf(command).map((p) => settingOf(p, dictionary, given)?.hazardous).find(Boolean) ?? '';
}

// The arguments of a command that was asked for, with their units; of many not those left as they are.
export function argumentWords(command, dictionary, given) {
  const known = new Map((command?.parameters ?? []).map((p) => [p.name, p]));
  const words = Object.entries(given).map(([name, value]) => {
    const declared = known.get(name);
    const unit = declared ? unitOf(declared, dictionary, given) : '';
    return { words: `${name} = ${value}${unitWords(unit)}`, isDefault: Boolean(declared) && String(value) === defaultText(declared) };
  });
  const shown = words.length > MANY ? words.filter((w) => !w.isDefault) : words;
  const others = words.length - shown.length;
  return [...shown.map((w) => w.words), ...(others ? [`${others} defaults`] : [])].join(', ');
}
