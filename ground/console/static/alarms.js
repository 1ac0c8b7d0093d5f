// Alarms as the strip, the fault view and the stacked view share them.

import { api } from './api.js';
import { ask, attempt } from './dialog.js';

export const SHOWN = 100; // a list without end helps nobody
const RANK = ['watch', 'warning', 'distress', 'critical', 'severe'];
const SHAPE = { watch: '◆', warning: '▲', distress: '▲', critical: '■', severe: '■' };

export const shape = (alarm) => SHAPE[alarm.severity] ?? '●';
export const source = (alarm) => (alarm.unit ? `${alarm.vehicle}/${alarm.unit}` : alarm.vehicle);
export const isShelved = (alarm) => alarm.state === 'shelved';
export const isOpen = (alarm) => alarm.state !== 'normal' && !isShelved(alarm);
export const isUnacknowledged = (alarm) => isOpen(alarm) && alarm.state !== 'acknowledged';

// For lists, as the station sorts them: the highest, then what nobody has acknowledged, then the newest;
// what is shelved comes last. What is grave stays in sight when it is acknowledged.
export function byPriority(a, b) {
  return (
    isShelved(a) - isShelved(b) ||
    RANK.indexOf(b.severity) - RANK.indexOf(a.severity) ||
    isUnacknowledged(b) - isUnacknowledged(a) ||
    Date.parse(b.raised) - Date.parse(a.raised)
  );
}

// For the strip, which asks for one thing at a time: unacknowledged before acknowledged, then as above.
export function byUrgency(a, b) {
  return (
    isUnacknowledged(b) - isUnacknowledged(a) ||
    RANK.indexOf(b.severity) - RANK.indexOf(a.severity) ||
    Date.parse(b.raised) - Date.parse(a.raised)
  );
}

// Of those that wait and of all that are open: the list may hold only the most urgent.
export function howMany(live) {
  const open = live.topic('alarms').filter(isOpen);
  const { alarms } = live.counts;
  return {
    waiting: Math.max(open.filter(isUnacknowledged).length, alarms.unacknowledged),
    open: Math.max(open.length, alarms.open),
  };
}

export const acknowledge = (alarm, operator, comment = '') =>
  attempt(async () =>
    api.post(`alarms/${alarm.id}/acknowledge`, { author: await operator.require(), comment }),
  );

export const shelve = (alarm, operator, reason, forS) =>
  attempt(async () =>
    api.post(`alarms/${alarm.id}/shelve`, { author: await operator.require(), reason, for_s: forS }),
  );

// Several at once, as they were shown: what rises or grows worse meanwhile stays unacknowledged.
export const acknowledgeSeen = (shown, operator) =>
  attempt(async () => {
    const author = await operator.require();
    const alarms = shown.map(({ id, severity }) => ({ alarm: id, severity }));
    const act = ({ comment }) => api.post('alarms/acknowledge', { author, comment, alarms });
    const done = await ask(seenTitle(shown), [{ key: 'comment', label: 'Comment (stands in the journal)' }], 'Acknowledge', act);
    if (done?.left.length) throw new Error(leftWords(done));
    return done;
  });

function seenTitle(shown) {
  const [highest] = [...shown].sort(byPriority);
  const counts = [...RANK].reverse().map((severity) => [shown.filter((a) => a.severity === severity).length, severity]);
  const each = counts.filter(([n]) => n).map(([n, severity]) => `${n} ${severity}`).join(', ');
  const many = shown.length === 1 ? '1 alarm' : `${shown.length} alarms`;
  return `Acknowledge ${many}? The highest is ${shape(highest)} ${highest.severity.toUpperCase()} (${each}). What rises or grows worse meanwhile stays unacknowledged.`;
}

function leftWords({ acknowledged, left }) {
  const some = left.slice(0, 5).map(({ alarm, reason }) => `alarm ${alarm} ${reason}`);
  const more = left.length > some.length ? `; and ${left.length - some.length} more` : '';
  return `${acknowledged.length} acknowledged, ${left.length} left as they are: ${some.join('; ')}${more}.`;
}

// Shelving always needs a reason.
export const askReason = async (what) =>
  (await ask(`Shelve ${what}`, [{ key: 'reason', label: 'Reason', required: true }], 'Shelve'))?.reason;
