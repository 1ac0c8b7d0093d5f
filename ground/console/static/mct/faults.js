// Our alarms as Open MCT's faults. Who acts, and when a shelf ends, is the server's to keep.

import { acknowledge, isShelved, isUnacknowledged, shelve, shelveWithReason, source } from '../alarms.js';

const MINUTE_MS = 60_000;
const DURATIONS = [10, 30, 120].map((m) => ({ name: `${m} minutes`, value: m * MINUTE_MS }));
const CHANGED = { type: 'global-alarm-status' };

export function faultProvider({ live, operator }) {
  const find = (fault) => live.topic('alarms').find((a) => a.id === fault.alarm);
  return {
    supportsRequest: (object) => object.type === 'faultManagement',
    supportsSubscribe: (object) => object.type === 'faultManagement',
    request: async () =>
      live.topic('alarms').filter((a) => a.state !== 'normal').map((alarm) => ({ type: 'alarms', fault: fault(alarm) })),
    subscribe(object, callback) {
      queueMicrotask(() => callback(CHANGED)); // the view asks for nothing by itself
      return live.on('alarms', () => callback(CHANGED));
    },
    acknowledgeFault: (chosen, { comment } = {}) => acknowledge(find(chosen), operator, comment),
    shelveFault(chosen, { shelved, comment, shelveDuration }) {
      const alarm = find(chosen);
      if (!shelved) return shelve(alarm, operator, '', 0);
      return shelveWithReason(alarm, operator, comment, shelveDuration / 1000);
    },
    getShelveDurations: () => DURATIONS,
  };
}

function fault(alarm) {
  const level = alarm.openmct_severity;
  return {
    alarm: alarm.id,
    id: `panewatch-${alarm.id}`,
    name: alarm.late && !alarm.what.includes('LATE') ? `LATE: ${alarm.what}` : alarm.what,
    namespace: `${source(alarm)} · ${disposition(alarm)}`,
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
