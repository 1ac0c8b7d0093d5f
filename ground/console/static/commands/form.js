// The form for a new command: unit, command, its arguments as the dictionary declares them.

import { el, say, swap } from '../dom.js';
import { duration } from '../format.js';
import { argumentsOf, hazard } from './arguments.js';
import { Field } from './fields.js';
import { needsSecondPerson, whyNot } from '../rights.js';
import { send, unanswered } from './sending.js';

const SERVICES = {
  3: 'Housekeeping and diagnostics',
  5: 'Events',
  12: 'Monitors',
  15: 'Records by time',
  17: 'Test',
  20: 'Settings',
  130: 'Recorder',
  131: 'Stimuli',
  132: 'Maintenance',
};
const EXPIRIES_S = [60, 600, 3600, 86_400];
const UNIT_STATES = { live: '● live', silent: '✖ silent', never: '○ never heard' };

export class CommandForm {
  #fields = [];
  #busy = false;
  #unit = el('select', { id: 'pw-command-unit', name: 'unit' });
  #command = el('select', { id: 'pw-command-name', name: 'command' });
  #expires = el('select', { id: 'pw-command-expires', name: 'expires_s' }, EXPIRIES_S.map((s) => el('option', { value: s, selected: s === 600 }, spoken(s))));
  #reach = el('small', { class: 'pw-hint' });
  #summary = el('p', { class: 'pw-command-summary' });
  #hazard = el('p', { class: 'pw-hazard' });
  #arguments = el('fieldset', { class: 'pw-arguments' });
  #why = el('p', { class: 'pw-whynot', id: 'pw-command-why' });
  #said = el('p', { class: 'pw-said', role: 'alert' });
  #submit = el('button', { class: 'pw-button pw-primary', 'aria-describedby': 'pw-command-why' }, 'Send');

  // `placed(command)`: the station has taken it.
  constructor(ground, dictionary, placed) {
    Object.assign(this, { ground, dictionary, placed });
    const units = ground.fleet.flatMap((v) => v.windows.map((w) => `${v.id}/${w.id}`));
    this.#unit.append(...(units.length > 1 ? [el('option', { value: '' }, 'choose …')] : []), ...units.map((u) => el('option', { value: u }, u)));
    this.#command.append(el('option', { value: '' }, 'choose …'), ...groups(dictionary.telecommands));
    this.node = el(
      'form',
      { class: 'pw-command-form', 'aria-label': 'New command', novalidate: true, autocomplete: 'off' },
      el('h3', {}, 'New command'),
      this.#why,
      labelled('Unit', this.#unit, this.#reach),
      labelled('Command', this.#command),
      this.#summary,
      this.#arguments,
      this.#hazard,
      labelled('Give up if it cannot be sent within', this.#expires),
      this.#said,
      el('div', { class: 'pw-command-send' }, this.#submit),
    );
    this.#command.addEventListener('change', () => this.#show());
    this.node.addEventListener('input', (event) => this.#edited(event));
    this.node.addEventListener('submit', (event) => (event.preventDefault(), this.#send()));
    this.#show();
  }

  // What hangs on units, people and rights, not on what is being typed.
  draw() {
    const why = whyNot();
    say(this.#why, why && `○ Nothing can be sent from here: ${why}`);
    for (const control of this.node.querySelectorAll('select, input, button')) control.disabled = Boolean(why) || this.#busy;
    this.#submit.disabled ||= !this.#declared || !this.#unit.value;
    say(this.#reach, this.#reachWords());
    this.#describe();
  }

  // Fill it with a command that was asked for before, to change or to send again.
  fill({ vehicle, unit, command, arguments: given }) {
    this.#unit.value = `${vehicle}/${unit}`;
    this.#command.value = command;
    this.#show();
    for (const field of this.#fields) if (field.declared.name in given) field.text = given[field.declared.name];
    this.draw();
    this.node.scrollIntoView({ block: 'nearest' });
    (this.#fields[0]?.control ?? this.#submit).focus();
  }

  say(words) {
    say(this.#said, words);
  }

  get #declared() {
    return this.dictionary.telecommands.find((c) => c.name === this.#command.value);
  }

  get #given() {
    return Object.fromEntries(this.#fields.map((f) => [f.declared.name, f.text]));
  }

  #show() {
    this.#fields = (this.#declared ? argumentsOf(this.#declared) : []).map((p) => new Field(p, this.dictionary));
    this.#arguments.replaceChildren(el('legend', {}, 'Arguments'), ...this.#fields.map((f) => f.node));
    this.#arguments.hidden = this.#fields.length === 0;
    this.#arguments.classList.toggle('is-many', this.#fields.length > 4);
    this.#summary.textContent = this.#declared ? `${this.#declared.summary}.` : '';
    this.say('');
    this.draw();
  }

  #describe() {
    const given = this.#given;
    this.#fields.forEach((field) => field.describe(given));
    const why = this.#declared ? hazard(this.#declared, this.dictionary, given) : '';
    const how = needsSecondPerson() ? 'another person confirms it' : "you confirm it by typing the unit's name";
    swap(this.#hazard, why ? [el('b', {}, '▲ HAZARDOUS: '), `${why}. It is sent only when ${how}.`] : '');
    const to = this.#unit.value ? ` to ${this.#unit.value}` : '';
    say(this.#submit, this.#busy ? 'Sending …' : why ? 'Ask for confirmation …' : `Send${to}`);
  }

  #reachWords() {
    const unit = this.ground.live.unit(this.#unit.value);
    if (!unit) return this.#unit.value ? '○ never heard: the command waits for it' : '';
    const waits = unit.state === 'live' ? '' : ': the command waits in the queue until it is heard';
    return `${UNIT_STATES[unit.state] ?? unit.state}${waits}`;
  }

  #edited({ target }) {
    this.say('');
    const field = this.#fields.find((f) => f.control === target);
    field?.refuse('');
    this.draw();
  }

  async #send() {
    const given = this.#given;
    if (this.#busy || this.#submit.disabled) return;
    if (!this.#fields.map((f) => f.check(given)).every(Boolean)) return this.#toFirstWrong();
    const [vehicle, unit] = this.#unit.value.split('/');
    const filled = Object.fromEntries(Object.entries(given).filter(([, text]) => text !== ''));
    this.#hold(true);
    this.say('');
    try {
      const author = await this.ground.operator.require();
      const body = { author, vehicle, unit, command: this.#command.value, arguments: filled, expires_s: Number(this.#expires.value) };
      this.#done(await send(body));
    } catch (error) {
      this.#hold(false);
      this.#refused(error);
    }
  }

  // It was taken: an empty form, so that a second press of the button finds nothing to send.
  #done(command) {
    this.#hold(false);
    this.#command.value = '';
    this.#show();
    this.#command.focus();
    this.placed(command);
  }

  #refused({ message, fields = [] }) {
    const field = this.#fields.find((f) => fields.some((name) => name.split('.').includes(f.declared.name)));
    if (!field) return this.say(`✖ ${message}`);
    field.refuse(message.replace(`${field.declared.name}: `, ''));
    return this.#toFirstWrong();
  }

  #toFirstWrong() {
    this.node.querySelector('[aria-invalid="true"]')?.focus();
  }

  #hold(busy) {
    this.#busy = busy;
    this.draw();
  }

  // A page that was left before the answer came: its command is in `commands`, or it was not taken.
  recall() {
    const left = unanswered();
    if (!left) return;
    this.fill(left);
    this.#expires.value = left.expires_s;
    this.say('This was being sent when the page was left, and the station does not have it. Send it again?');
  }
}

const spoken = (s) => duration(s).replace(/ 0 (s|min|h)$/, '');

function labelled(words, control, ...more) {
  return el('div', { class: 'pw-field' }, el('label', { for: control.id }, el('b', {}, words)), control, more);
}

function groups(commands) {
  const services = [...new Set(commands.map((c) => c.service))].sort((a, b) => a - b);
  return services.map((service) =>
    el(
      'optgroup',
      { label: `ST[${String(service).padStart(2, '0')}] ${SERVICES[service] ?? "The unit's own"}` },
      commands
        .filter((c) => c.service === service)
        .map((c) => el('option', { value: c.name }, `${c.name}${c.hazardous ? ' ▲ hazardous' : ''}`)),
    ),
  );
}
