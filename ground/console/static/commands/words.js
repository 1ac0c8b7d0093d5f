// Where a command stands, in a symbol and words; the colour only repeats them.

const STATES = {
  unconfirmed: ['?', 'waits for confirmation', 'wait'],
  queued: ['…', 'queued', 'wait'],
  sent: ['→', 'sent, not answered yet', 'wait'],
  accepted: ['▸', 'accepted by the unit', 'wait'],
  started: ['▸', 'started by the unit', 'wait'],
  completed: ['✓', 'completed', 'good'],
  refused: ['✖', 'refused by the unit', 'bad'],
  failed: ['✖', 'failed', 'bad'],
  'timed out': ['?', 'timed out: not known whether done', 'unknown'],
  expired: ['–', 'expired, never sent', 'off'],
  cancelled: ['–', 'cancelled, never sent', 'off'],
};
const STAGES = { confirm: 'confirmed', send: 'sent', cancel: 'cancelled', expire: 'expired', 'time out': 'timed out', verified: 'effect verified' };
const OPEN = ['queued', 'sent', 'accepted', 'started'];

export const key = (command) => `${command.vehicle}/${command.unit}`;
export const isUnconfirmed = (command) => command.state === 'unconfirmed';
export const isUnderWay = (command) => OPEN.includes(command.state) || command.effect === 'awaited';
export const person = (author) => author.split(' (token ')[0]; // a token is no second person
export const sentence = (words) => `${words[0].toUpperCase()}${words.slice(1)}.`;
export const stageWords = (stage) => STAGES[stage.what] ?? stage.what;

export function stateOf(command) {
  const [symbol, words, kind] = STATES[command.state] ?? ['?', command.state, 'unknown'];
  if (command.effect === 'not verified') return { symbol: '▲', words: `${words}, effect not seen`, kind: 'amber' };
  return { symbol, words, kind };
}

export function effectWords(command) {
  const told = command.effect_words ? `: ${command.effect_words}` : '';
  if (command.effect === 'awaited') return '… effect awaited in telemetry';
  if (command.effect === 'verified') return `✓ effect verified in telemetry${told}`;
  return command.effect === 'not verified' ? `▲ effect not seen in telemetry${told}` : '';
}
