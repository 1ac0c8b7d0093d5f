// History over HTTP and live values over the WebSocket; a datum is {utc, value} in both.

import { api } from '../api.js';
import { noteDropped } from './dropped.js';
import { isTelemetry, parse } from './names.js';

export function historyProvider() {
  return {
    supportsRequest: isTelemetry,
    async request(object, { start, end, size = 1000, strategy, signal }) {
      const { unit, parameter } = parse(object.identifier.key);
      const query = new URLSearchParams({
        start,
        end,
        size: Math.max(1, Math.round(size)),
        strategy: strategy === 'latest' ? 'latest' : 'minmax',
      });
      const answer = await api.get(`history/${unit}/${parameter}?${query}`, { signal });
      if (strategy !== 'latest') noteDropped(object.identifier.key, answer.dropped_by_retention);
      return answer.points;
    },
  };
}

// Late data goes to views too: they order by time, and "latest" stays the newest.
export function liveProvider(live) {
  return {
    supportsSubscribe: isTelemetry,
    subscribe(object, callback) {
      const { unit, parameter } = parse(object.identifier.key);
      return live.on('data', (message) => {
        const value = message.values[parameter];
        if (message.unit === unit && value !== undefined) callback({ utc: message.utc, value });
      });
    },
  };
}
