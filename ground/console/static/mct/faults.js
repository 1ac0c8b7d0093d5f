// Our alarms as Open MCT's faults. Who acts, and when a shelf ends, is the server's to keep.

import { SHOWN, acknowledge, askReason, byPriority, isShelved, isUnacknowledged, shelve, source } from '../alarms.js';

const MINUTE_MS = 60_000;
const DURATIONS = [10, 30, 120].map((m) => ({ name: `${m} minutes`, value: m * MINUTE_MS }));
const REDRAW_MS = 250;
const CHANGED = { type: 'global-alarm-status' };

export function faultProvider({ live, operator }) {
  let asking = null; // Open MCT calls once for each selected fault: one reason for all of them
  const find = (fault) => live.topic('alarms').find((a) => a.id === fault.alarm);
  return {
    supportsRequest: (object) => object.type === 'faultManagement',
    supportsSubscribe: (object) => object.type === 'faultManagement',
    request: async () =>
      live.topic('alarms').filter((a) => a.state !== 'normal').sort(byPriority).slice(0, SHOWN)
        .map((alarm) => ({ type: 'alarms', fault: fault(alarm) })),
    subscribe(object, callback) {
      queueMicrotask(() => callback(CHANGED)); // the view asks for nothing by itself
      return live.on('alarms', sparingly(() => callback(CHANGED)));
    },
    acknowledgeFault: (chosen, { comment } = {}) => acknowledge(find(chosen), operator, comment),
    // The toolbar leaves `shelved` out where the menu says true.
    async shelveFault(chosen, { shelved = true, comment, shelveDuration }) {
      const alarm = find(chosen);
      if (!shelved) return shelve(alarm, operator, '', 0);
      const reason = comment || (await (asking ??= askReason(alarm.what).finally(() => (asking = null))));
      return reason ? shelve(alarm, operator, reason, shelveDuration / 1000) : null;
    },
    getShelveDurations: () => DURATIONS,
  };
}

// The view draws all of its list anew each time: in a flood once in a while is enough.
function sparingly(act) {
  let waits = false;
  return () => {
    if (waits) return;
    waits = true;
    setTimeout(() => {
      waits = false;
      act();
    }, REDRAW_MS);
  };
}

function fault(alarm) {
  const level = alarm.openmct_severity;
  return {
    alarm: alarm.id,
    id: `panewatch-${alarm.id}`,
    name: alarm.late && !alarm.what.includes('LATE') ? `LATE: ${alarm.what}` : alarm.what,
    namespace: [source(alarm), disposition(alarm)].filter(Boolean).join(' · '),
    seqNum: alarm.id,
    severity: level,
    shortDescription: alarm.what,
    acknowledged: !isUnacknowledged(alarm) && !isShelved(alarm),
    shelved: isShelved(alarm),
    triggerTime: `${alarm.time.slice(0, 19)}Z`,
    triggerValueInfo: { value: alarm.value || alarm.severity.toUpperCase(), rangeCondition: '', monitoringResult: level },
    currentValueInfo: {
      value: alarm.active ? 'active' : 'returned',
      rangeCondition: '',
      monitoringResult: alarm.active ? level : 'IN_LIMITS',
    },
  };
}

function disposition(alarm) {
  if (isShelved(alarm)) return `shelved: ${alarm.shelve_reason}`;
  return isUnacknowledged(alarm) ? 'unacknowledged' : `acknowledged by ${alarm.acknowledged_by}`;
}
