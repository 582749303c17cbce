// The pipeline panel of the side bar.

import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import { ISignal, Signal } from '@lumino/signaling';
import * as React from 'react';

import type { IFinding, Severity } from '../api';
import { FindingsView } from '../findings/view';
import type { IFindings } from '../tokens';
import { pipelineIcon } from '../ui/icons';
import { Body } from './body';
import { Head } from './head';
import type { PipelineModel } from './model';
import type { ISize, IViewport } from './viewport';

/** How the panel shows things; kept over reloads. */
export interface IPanelState {
  readonly view: 'graph' | 'list';
  readonly hidden: readonly Severity[];
}

export const DEFAULT_STATE: IPanelState = { view: 'graph', hidden: [] };

export class PipelinePanel extends ReactWidget {
  constructor(
    readonly model: PipelineModel,
    private readonly trans: TranslationBundle,
    private readonly findings: IFindings | null
  ) {
    super();
    this.id = 'nb2prod-pipeline';
    this.title.icon = pipelineIcon;
    this.title.caption = trans.__('Pipeline');
    this.addClass('nb2prod-Pipeline');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', trans.__('Pipeline'));
    findings?.changed.connect(this.onFindings, this);
  }

  get state(): IPanelState {
    return this.kept;
  }

  arrange(state: Partial<IPanelState>): void {
    this.kept = { ...this.kept, ...state };
    this.signal.emit();
  }

  get stateChanged(): ISignal<this, void> {
    return this.signal;
  }

  /** What is seen of the graph, of each notebook; null before it was drawn. */
  get viewport(): IViewport | null {
    return this.viewports.get(this.model.front?.path ?? '') ?? null;
  }

  move(viewport: IViewport): void {
    this.viewports.set(this.model.front?.path ?? '', viewport);
    this.signal.emit();
  }

  /** The size of the picture. */
  get room(): ISize {
    return this.size;
  }

  resize(room: ISize): void {
    this.size = room;
    this.signal.emit();
  }

  override dispose(): void {
    this.findings?.changed.disconnect(this.onFindings, this);
    this.model.dispose();
    super.dispose();
  }

  protected override render(): JSX.Element {
    return (
      <UseSignal signal={this.model.changed}>
        {() => <UseSignal signal={this.signal}>{() => <Whole panel={this} trans={this.trans} />}</UseSignal>}
      </UseSignal>
    );
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.update();
  }

  get shownFindings(): readonly IFinding[] {
    const all = this.model.look?.findings ?? [];
    return this.findings?.shown(all) ?? [];
  }

  fix(finding: IFinding): void {
    const look = this.model.front?.look;
    if (look) {
      void this.findings?.fix(look, finding);
    }
  }

  explain(code: string): void {
    this.findings?.explain(code);
  }

  /** The keyboard goes on in the panel. */
  focusInside(): void {
    const places = ['[data-node][tabindex="0"]', '.nb2prod-Body button', '.nb2prod-Said button', 'button'];
    requestAnimationFrame(() => {
      const found = places
        .map(place => this.node.querySelector<HTMLElement>(place))
        .find(each => each !== null);
      found?.focus();
    });
  }

  private onFindings(): void {
    this.signal.emit();
  }

  private kept = DEFAULT_STATE;
  private readonly signal = new Signal<this, void>(this);
  private size: ISize = { width: 0, height: 0 };
  private readonly viewports = new Map<string, IViewport>();
}

function Whole({ panel, trans }: { panel: PipelinePanel; trans: TranslationBundle }): JSX.Element {
  const { model } = panel;
  const findings = panel.shownFindings;
  const look = model.look;
  const actions = {
    jump: (finding: IFinding) => model.revealCells([finding.cell], finding.line || undefined),
    explain: (code: string) => panel.explain(code),
    fix: (finding: IFinding) => panel.fix(finding),
    refusal: model.front?.refusal ?? ''
  };
  return (
    <>
      <Head panel={panel} trans={trans} />
      <Body panel={panel} trans={trans} findings={findings} />
      {look && model.status !== 'none' && model.status !== 'empty' && (
        <FindingsView
          findings={findings}
          hidden={new Set(panel.state.hidden)}
          onHide={hidden => panel.arrange({ hidden: [...hidden] })}
          actions={actions}
          trans={trans}
        />
      )}
    </>
  );
}
