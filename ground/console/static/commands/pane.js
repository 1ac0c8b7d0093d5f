// The commands pane: a form, what waits for its confirmation, what is under way, what was.

import { api } from '../api.js';
import { el, painter, swap } from '../dom.js';
import { argumentWords } from './arguments.js';
import { CommandForm } from './form.js';
import { historyEntry } from './history.js';
import { CommandLog } from './log.js';
import { pendingEntry } from './pending.js';
import { whyNot } from '../rights.js';
import { answered, unanswered } from './sending.js';
import { isUnconfirmed, isUnderWay, key, stateOf } from './words.js';

export function mountCommands(root, ground) {
  let end = null;
  let ended = false;
  root.classList.add('pw-commands');
  api.get('dictionary').then(
    (dictionary) => ended || (end = new Pane(root, ground, dictionary)),
    (error) => root.append(el('p', { class: 'pw-wait' }, `The dictionary could not be read: ${error.message}`)),
  );
  return () => {
    ended = true;
    end?.end();
  };
}

class Pane {
  #pending = new Keyed('Commands that wait for confirmation', 'Nothing waits for confirmation.');
  #underWay = new Keyed('Commands under way', 'Nothing is under way.');
  #history = new Keyed('Commands that are over', 'No command is over.');
  #told = el('p', { class: 'pw-told-state', role: 'status' });
  #filter = el('select', { 'aria-label': 'Units whose history is shown', onchange: () => this.#paint() });
  #older = el('button', { type: 'button', class: 'pw-button', onclick: () => this.#log.older() }, 'Older ones …');
  #states = new Map(); // id -> state and effect, as they were told last
  #ends;

  constructor(root, ground, dictionary) {
    Object.assign(this, { ground, dictionary });
    const units = ground.fleet.flatMap((v) => v.windows.map((w) => `${v.id}/${w.id}`));
    this.#filter.append(...[['', 'all units'], ...units.map((u) => [u, u])].map(([value, words]) => el('option', { value }, words)));
    this.form = new CommandForm(ground, dictionary, (command) => this.#placed(command));
    root.append(
      el(
        'div',
        { class: 'pw-command-grid' },
        el(
          'div',
          { class: 'pw-command-waiting' },
          this.#told,
          el('section', {}, el('h3', {}, 'Waiting for confirmation'), this.#pending.node),
          el('section', {}, el('h3', {}, 'Under way'), this.#underWay.node),
        ),
        this.form.node,
        el(
          'section',
          { class: 'pw-command-history' },
          el('h3', {}, 'History of ', this.#filter),
          this.#history.node,
          this.#older,
        ),
      ),
    );
    this.paint = painter(() => this.#draw());
    this.#log = new CommandLog(ground.live, this.#paint);
    this.#ends = [ground.live.onAny(['units', 'connection'], this.#paint), () => this.#log.end(), () => this.paint.end()];
    ground.operator.onChange(this.#paint);
    this.#begin();
  }

  #log;
  #paint = () => this.paint();

  end() {
    this.#ends.forEach((end) => end());
  }

  async #begin() {
    await Promise.all([this.#log.load(), api.check().catch(() => {})]); // who is here, how many may command
    const left = unanswered();
    const found = left && this.#log.list().find((c) => c.request_id === left.request_id);
    if (found) {
      answered();
      this.#say(found);
    } else this.form.recall();
    this.#paint();
  }

  #placed(command) {
    this.#say(command);
    this.#log.load().then(() => {
      this.#draw();
      if (isUnconfirmed(command)) this.#pending.item(command.id)?.querySelector('input, button')?.focus();
    });
  }

  #say(command) {
    this.#told.textContent = `Command ${command.id}, ${this.#words(command)}: ${stateOf(command).words}.`;
  }

  #words(command) {
    const declared = this.dictionary.telecommands.find((c) => c.name === command.command);
    const given = argumentWords(declared, this.dictionary, command.arguments);
    return `${key(command)} ${command.command}${given ? ` (${given})` : ''}`;
  }

  #draw() {
    const { ground } = this;
    const all = this.#log.list();
    this.#tellChanges(all);
    this.form.draw();
    const who = `${ground.operator.name} ${whyNot()}`;
    const entry = (c) => historyEntry(c, this.#words(c), ground, (past) => this.form.fill(past));
    const of = this.#filter.value;
    this.#pending.draw(all.filter(isUnconfirmed), (c) => pendingEntry(c, this.#words(c), ground), who);
    this.#underWay.draw(all.filter(isUnderWay).reverse(), listed(entry));
    this.#history.draw(all.filter((c) => !isUnconfirmed(c) && !isUnderWay(c) && (!of || key(c) === of)), listed(entry));
    this.#older.hidden = !this.#log.hasOlder;
  }

  // What has changed is said once, for screen readers and for whoever looks elsewhere.
  #tellChanges(all) {
    for (const command of [...all].reverse()) {
      const now = `${command.state} ${command.effect}`;
      const before = this.#states.get(command.id);
      this.#states.set(command.id, now);
      if (before && before !== now) this.#say(command);
    }
  }
}

const listed = (entry) => (command, node = el('li', { class: 'pw-command', 'data-command': command.id })) => {
  swap(node, entry(command));
  return node;
};

// A list that keeps the node of each command: what has the focus or is being typed in stays.
class Keyed {
  #nodes = new Map();
  #kept = null;

  constructor(name, none) {
    this.node = el('ol', { class: 'pw-command-list', 'aria-label': name });
    this.none = el('li', { class: 'pw-faint is-none' }, none);
  }

  item(id) {
    return this.#nodes.get(id);
  }

  // `make(command, node)` makes a node or brings it up to date; with `kept` it is made once as long
  // as `kept` is the same.
  draw(commands, make, kept = null) {
    if (kept !== this.#kept) this.#nodes.clear();
    this.#kept = kept;
    const before = this.#nodes;
    this.#nodes = new Map(
      commands.map((c) => [c.id, kept !== null && before.has(c.id) ? before.get(c.id) : make(c, before.get(c.id))]),
    );
    const nodes = commands.length ? [...this.#nodes.values()] : [this.none];
    for (const old of [...this.node.children]) if (!nodes.includes(old)) old.remove();
    nodes.forEach((node, k) => this.node.children[k] === node || this.node.insertBefore(node, this.node.children[k] ?? null));
  }
}
