// The page of a rule: why a finding is one, and what to write instead. Text, as `nb2prod check --explain` prints it.

import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { Client } from '../api';
import { pipelineIcon } from '../ui/icons';
import { messageOf } from '../ui/waiting';

export class RulePage extends ReactWidget {
  constructor(
    readonly code: string,
    private readonly client: Pick<Client, 'rule'>,
    private readonly trans: TranslationBundle
  ) {
    super();
    this.id = `nb2prod-rule-${code}`;
    this.title.label = code;
    this.title.caption = trans.__('What %1 is about', code);
    this.title.icon = pipelineIcon;
    this.title.closable = true;
    this.addClass('nb2prod-Rule');
    this.node.tabIndex = 0;
    void this.ask();
  }

  protected override render(): JSX.Element {
    if (this.trouble) {
      return (
        <div className="nb2prod-Said" role="alert">
          <p>{this.trouble}</p>
          <button type="button" className="jp-mod-styled nb2prod-Button" onClick={() => void this.ask()}>
            {this.trans.__('Ask again')}
          </button>
        </div>
      );
    }
    return (
      <article aria-label={this.title.caption} aria-busy={this.page === null}>
        <pre>{this.page ?? this.trans.__('The page is being fetched…')}</pre>
      </article>
    );
  }

  private async ask(): Promise<void> {
    try {
      [this.page, this.trouble] = [(await this.client.rule(this.code)).page, ''];
    } catch (error) {
      this.trouble = messageOf(error);
    }
    if (!this.isDisposed) {
      this.update();
    }
  }

  private page: string | null = null;
  private trouble = '';
}
