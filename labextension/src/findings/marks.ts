// Findings beside the lines they are about: signs in a gutter, a line under the text, and a tooltip with the fix.

import {
  Action,
  Diagnostic,
  forEachDiagnostic,
  lintGutter,
  linter,
  setDiagnostics,
  setDiagnosticsEffect
} from '@codemirror/lint';
import { Compartment, EditorState, Extension, Text, Transaction } from '@codemirror/state';
import { EditorView, ViewPlugin } from '@codemirror/view';
import type { IEditorExtensionFactory } from '@jupyterlab/codemirror';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { IFinding } from '../api';
import { severityWord } from '../ui/marks';

/** The model of a cell, as an editor knows it. */
export type EditorModel = IEditorExtensionFactory.IOptions['model'];

/** What can be done about a finding where it is shown. */
export interface IMarkActions {
  fix(model: EditorModel, finding: IFinding): void;
  explain(code: string): void;
}

/** The findings of each cell, for the editors that show it now and those that are made later. */
export class Marks {
  constructor(
    private readonly actions: IMarkActions,
    private readonly trans: TranslationBundle
  ) {}

  /** For the editor of a cell, whenever it is made. */
  extension(model: EditorModel): Extension {
    const gutter = new Compartment();
    return [
      gutter.of(this.gutter()),
      linter(null),
      EditorState.transactionExtender.of(withoutEdited),
      EditorView.updateListener.of(update => update.docChanged && this.touch(model)),
      ViewPlugin.define(view => {
        this.join(model, { view, gutter });
        return { destroy: () => this.leave(model, view) };
      })
    ];
  }

  get isOn(): boolean {
    return this.on;
  }

  /** Signs in the gutter and lines under the text are shown, or not. */
  set isOn(on: boolean) {
    if (on !== this.on) {
      this.on = on;
      this.editors.forEach((editors, model) => {
        editors.forEach(({ view, gutter }) => view.dispatch({ effects: gutter.reconfigure(this.gutter()) }));
        this.draw(model);
      });
    }
  }

  /** The findings of a cell are these; `text` is what was looked at. */
  set(model: EditorModel, findings: readonly IFinding[], text: string): void {
    const known = this.known.get(model);
    const key = JSON.stringify(findings);
    if (known?.key === key && known.text === text && !known.isTouched) {
      return;
    }
    this.known.set(model, { findings, text, key, isTouched: false });
    this.draw(model);
  }

  private gutter(): Extension {
    return this.on ? lintGutter({ hoverTime: 150 }) : [];
  }

  /** The cell was edited: what is shown is no longer what was found. */
  private touch(model: EditorModel): void {
    const known = this.known.get(model);
    if (known && !known.isTouched) {
      this.known.set(model, { ...known, isTouched: true });
    }
  }

  private join(model: EditorModel, editor: IEditor): void {
    const editors = this.editors.get(model) ?? [];
    this.editors.set(model, [...editors, editor]);
    // not while the editor is being made
    queueMicrotask(() => this.draw(model));
  }

  private leave(model: EditorModel, view: EditorView): void {
    const left = (this.editors.get(model) ?? []).filter(editor => editor.view !== view);
    if (left.length) {
      this.editors.set(model, left);
    } else {
      this.editors.delete(model);
    }
  }

  private draw(model: EditorModel): void {
    const known = this.known.get(model);
    for (const { view } of this.editors.get(model) ?? []) {
      if (!known || view.state.doc.toString() !== known.text) {
        continue; // it was typed in meanwhile: the next look says
      }
      const findings = this.on ? known.findings : [];
      const diagnostics = findings.map(finding => this.diagnostic(view.state.doc, model, finding));
      view.dispatch(setDiagnostics(view.state, diagnostics));
    }
  }

  private diagnostic(text: Text, model: EditorModel, finding: IFinding): Diagnostic {
    const line = text.line(Math.min(Math.max(1, finding.line), text.lines));
    const indent = /^\s*/.exec(line.text)![0].length;
    const from = line.from + Math.min(indent, line.length);
    const { severity, hint, message } = finding;
    const words = `${severityWord(severity, this.trans)}: ${message}${hint && `\n${hint}`}`;
    return {
      from,
      to: finding.line ? line.to : from,
      severity,
      message: words,
      renderMessage: () => tooltip(finding, severityWord(severity, this.trans)),
      actions: this.actionsFor(model, finding)
    };
  }

  private actionsFor(model: EditorModel, finding: IFinding): Action[] {
    const explain = { name: finding.code, apply: () => this.actions.explain(finding.code) };
    const fix = { name: this.trans.__('Fix'), apply: () => this.actions.fix(model, finding) };
    return finding.fix ? [fix, explain] : [explain];
  }

  private readonly editors = new Map<EditorModel, readonly IEditor[]>();
  private readonly known = new WeakMap<EditorModel, IKnown>();
  private on = true;
}

interface IEditor {
  readonly view: EditorView;
  readonly gutter: Compartment;
}

interface IKnown {
  readonly findings: readonly IFinding[];
  readonly text: string;
  readonly key: string;
  readonly isTouched: boolean;
}

/** What was found in a line that is edited no longer holds; the others move along. */
function withoutEdited(change: Transaction) {
  if (!change.docChanged || change.effects.some(effect => effect.is(setDiagnosticsEffect))) {
    return null;
  }
  const kept: Diagnostic[] = [];
  let count = 0;
  forEachDiagnostic(change.startState, (found, from, to) => {
    count++;
    const line = change.startState.doc.lineAt(from);
    if (!change.changes.touchesRange(line.from, line.to)) {
      kept.push({ ...found, from: change.changes.mapPos(from, 1), to: change.changes.mapPos(to, -1) });
    }
  });
  return kept.length === count ? null : { effects: setDiagnosticsEffect.of(kept) };
}

/** Text as text. */
function tooltip(finding: IFinding, severity: string): HTMLElement {
  const box = document.createElement('span');
  box.className = 'nb2prod-Tooltip';
  const part = (name: string, text: string) => {
    const made = document.createElement('span');
    made.className = name;
    made.textContent = text;
    box.append(made);
  };
  part('nb2prod-Tooltip-message', `${severity}: ${finding.message}`);
  if (finding.hint) {
    part('nb2prod-Tooltip-hint', finding.hint);
  }
  return box;
}
