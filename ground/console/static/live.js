// The live feed: newest state of every topic, and events as they come.
// Events: a topic's name, 'data', 'stale', 'connection'.

const RETRY_MS = [500, 1000, 2000, 5000];

export class Live {
  topics = {}; // units, status, impacts, leaks, findings, alarms, counts: as GET gives them
  values = new Map(); // 'sz20/w1' -> newest {utc, values}, late packets aside
  stale = new Map(); // 'sz20/w1' -> true | false
  connected = false;
  lostAt = null; // when the feed broke, ms since 1970
  #listeners = new Map();
  #tries = 0;

  connect() {
    const socket = new WebSocket(`${location.protocol.replace('http', 'ws')}//${location.host}/api/live`);
    socket.addEventListener('open', () => this.#opened());
    socket.addEventListener('message', (event) => this.#take(JSON.parse(event.data)));
    socket.addEventListener('close', () => this.#closed());
  }

  // Calls back on each event; for a topic already known, at once. Returns what ends it.
  on(name, callback) {
    if (!this.#listeners.has(name)) this.#listeners.set(name, new Set());
    this.#listeners.get(name).add(callback);
    if (name in this.topics) callback(this.topics[name]);
    return () => this.#listeners.get(name).delete(callback);
  }

  onAny(names, callback) {
    const ends = names.map((name) => this.on(name, callback));
    return () => ends.forEach((end) => end());
  }

  topic(name) {
    return this.topics[name] ?? [];
  }

  unit(key) {
    return this.topic('units').find((u) => `${u.vehicle}/${u.unit}` === key);
  }

  // How many there are in all; the lists hold so many of the most urgent or gravest.
  get counts() {
    return this.topics.counts ?? { alarms: { open: 0, unacknowledged: 0, shelved: 0 }, flood: { active: false }, impacts: {} };
  }

  isStale(key) {
    return !this.connected || (this.stale.get(key) ?? true);
  }

  // Newest values from before this page was opened; a silent unit has no others.
  prime(key, latest) {
    if (this.values.has(key) || Object.keys(latest).length === 0) return;
    const values = Object.fromEntries(Object.entries(latest).map(([name, v]) => [name, v.value]));
    this.values.set(key, { unit: key, utc: Math.max(...Object.values(latest).map((v) => v.utc)), values });
  }

  #opened() {
    this.connected = true;
    this.lostAt = null;
    this.#tries = 0;
    this.#emit('connection', true);
  }

  #closed() {
    if (this.connected || this.lostAt === null) this.lostAt = Date.now();
    this.connected = false;
    this.#emit('connection', false);
    const wait = RETRY_MS[Math.min(this.#tries++, RETRY_MS.length - 1)];
    setTimeout(() => this.connect(), wait);
  }

  #take(message) {
    if (message.type === 'data') {
      if (!message.late) this.values.set(message.unit, message);
      this.#emit('data', message);
    } else if (message.type === 'stale') {
      this.stale.set(message.unit, message.stale);
      this.#emit('stale', message);
    } else if (message.type === 'alarm') {
      // One that has changed comes at once, the list a little later.
      const others = this.topic('alarms').filter((a) => a.id !== message.data.id);
      this.topics.alarms = [message.data, ...others];
      this.#emit('alarms', this.topics.alarms);
    } else {
      this.topics[message.type] = message.data;
      this.#emit(message.type, message.data);
    }
  }

  #emit(name, payload) {
    this.#listeners.get(name)?.forEach((callback) => callback(payload));
  }
}
