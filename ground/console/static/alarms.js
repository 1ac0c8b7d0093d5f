// Alarms as the strip, the fault view and the stacked view share them.

import { api } from './api.js';
import { ask, attempt } from './dialog.js';

const RANK = ['watch', 'warning', 'distress', 'critical', 'severe'];
const SHAPE = { watch: 'ⓘ', warning: '▲', distress: '▲', critical: '■', severe: '■' };

export const shape = (alarm) => SHAPE[alarm.severity] ?? '●';
export const source = (alarm) => (alarm.unit ? `${alarm.vehicle}/${alarm.unit}` : alarm.vehicle);
export const isShelved = (alarm) => alarm.state === 'shelved';
export const isOpen = (alarm) => alarm.state !== 'normal' && !isShelved(alarm);
export const isUnacknowledged = (alarm) => isOpen(alarm) && alarm.state !== 'acknowledged';

// Unacknowledged before acknowledged, then the highest, then the newest.
export function byUrgency(a, b) {
  return (
    isUnacknowledged(b) - isUnacknowledged(a) ||
    RANK.indexOf(b.severity) - RANK.indexOf(a.severity) ||
    Date.parse(b.raised) - Date.parse(a.raised)
  );
}

export const acknowledge = (alarm, operator, comment = '') =>
  attempt(async () =>
    api.post(`alarms/${alarm.id}/acknowledge`, { author: await operator.require(), comment }),
  );

export const shelve = (alarm, operator, reason, forS) =>
  attempt(async () =>
    api.post(`alarms/${alarm.id}/shelve`, { author: await operator.require(), reason, for_s: forS }),
  );

// Shelving always needs a reason.
export const askReason = async (what) =>
  (await ask(`Shelve ${what}`, [{ key: 'reason', label: 'Reason', required: true }], 'Shelve'))?.reason;
