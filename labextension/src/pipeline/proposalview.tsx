// The proposal: suggested tags, looked over by a person before any is written.

import type { TranslationBundle } from '@jupyterlab/translation';
import { checkIcon, closeIcon, editIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { identifierOf, sentenceOf } from '../tags/names';
import { IconButton } from '../ui/icon_button';
import { Jump } from './list';
import type { PipelineModel } from './model';
import type { IGroup, IProposed } from './proposal';
import { roleInWords } from './words';

export interface IProposalProps {
  readonly model: PipelineModel;
  readonly trans: TranslationBundle;
}

export function ProposalView({ model, trans }: IProposalProps): JSX.Element {
  const all = model.proposal ?? [];
  const refusal = model.front?.refusal ?? '';
  return (
    <section className="nb2prod-Proposal" aria-label={trans.__('Suggested tags')}>
      <header className="nb2prod-Proposal-head">
        <h3>{trans._n('%1 suggested tag', '%1 suggested tags', all.length)}</h3>
        <button
          type="button"
          className="jp-mod-styled jp-mod-accept nb2prod-Button"
          disabled={refusal !== ''}
          title={refusal || undefined}
          onClick={() => model.accept(all)}
        >
          {trans.__('Accept all')}
        </button>
        <button
          type="button"
          className="jp-mod-styled jp-mod-reject nb2prod-Button"
          onClick={() => model.closeProposal()}
        >
          {trans.__('Dismiss')}
        </button>
      </header>
      {refusal && <p className="nb2prod-Message">{refusal}</p>}
      <ul className="nb2prod-Proposal-groups">
        {model.proposedGroups.map(group => (
          <Group key={group.items[0]!.id} group={group} model={model} trans={trans} />
        ))}
      </ul>
    </section>
  );
}

function Group({ group, model, trans }: IProposalProps & { group: IGroup }): JSX.Element {
  const [isRenamed, setRenamed] = React.useState(false);
  const name = group.step ?? roleInWords(group.tag, trans);
  const colour = group.step === null ? 'var(--jp-border-color1)' : model.colourOf(group.step);
  const hasMany = group.items.length > 1;
  return (
    <li className="nb2prod-Proposal-group" style={{ borderLeftColor: colour }}>
      {isRenamed && group.step !== null ? (
        <Rename step={group.step} model={model} trans={trans} onDone={() => setRenamed(false)} />
      ) : (
        <div className="nb2prod-Proposal-name">
          <span title={name}>{name}</span>
          {group.step !== null && (
            <IconButton
              icon={editIcon}
              label={trans.__('Rename step %1', name)}
              onPress={() => setRenamed(true)}
            />
          )}
        </div>
      )}
      <ul>
        {group.items.map(item => (
          <Item key={item.id} item={item} model={model} trans={trans} />
        ))}
      </ul>
      {hasMany && <WholeGroup group={group} name={name} model={model} trans={trans} />}
    </li>
  );
}

function WholeGroup({
  group,
  name,
  model,
  trans
}: IProposalProps & { group: IGroup; name: string }): JSX.Element {
  return (
    <div className="nb2prod-Proposal-whole">
      <button
        type="button"
        className="jp-mod-styled nb2prod-Button"
        disabled={(model.front?.refusal ?? '') !== ''}
        onClick={() => model.accept(group.items)}
        aria-label={trans.__('Accept %1 for its %2 cells', name, group.items.length)}
      >
        {trans.__('Accept these %1', group.items.length)}
      </button>
    </div>
  );
}

function Item({ item, model, trans }: IProposalProps & { item: IProposed }): JSX.Element {
  const words = trans.__('cell %1, %2', item.place, item.tag);
  return (
    <li className="nb2prod-Proposal-item">
      <div className="nb2prod-Proposal-text">
        <Jump onJump={() => model.front?.reveal([item.id])} label={trans.__('Go to cell %1', item.place)}>
          <span className="nb2prod-Chip">{item.place}</span> <code>{item.line || trans.__('(empty)')}</code>
        </Jump>
        <span className="nb2prod-Proposal-reason">{item.reason}</span>
      </div>
      <IconButton
        icon={checkIcon}
        label={trans.__('Accept %1', words)}
        isDisabled={(model.front?.refusal ?? '') !== ''}
        onPress={() => model.accept([item])}
      />
      <IconButton
        icon={closeIcon}
        label={trans.__('Dismiss %1', words)}
        onPress={() => model.dismiss([item])}
      />
    </li>
  );
}

interface IRenameProps extends IProposalProps {
  readonly step: string;
  readonly onDone: () => void;
}

function Rename({ step, model, trans, onDone }: IRenameProps): JSX.Element {
  const [words, setWords] = React.useState(step);
  const name = identifierOf(words);
  const wrong = typeof name === 'string' ? '' : sentenceOf(name, trans);
  const finish = () => {
    if (typeof name === 'string') {
      model.rename(step, name);
      onDone();
    }
  };
  const onKey = (event: React.KeyboardEvent) => {
    if (event.key === 'Enter' || event.key === 'Escape') {
      (event.key === 'Enter' ? finish : onDone)();
      event.stopPropagation();
      event.preventDefault();
    }
  };
  return (
    <div className="nb2prod-Proposal-rename">
      <input
        className="jp-mod-styled"
        value={words}
        autoFocus
        aria-label={trans.__('New name of step %1', step)}
        aria-invalid={wrong !== ''}
        title={wrong}
        onChange={event => setWords(event.target.value)}
        onKeyDown={onKey}
      />
      <IconButton icon={checkIcon} label={trans.__('Rename')} isDisabled={wrong !== ''} onPress={finish} />
      <IconButton icon={closeIcon} label={trans.__('Keep the name')} onPress={onDone} />
      {wrong && (
        <p className="nb2prod-Message" role="alert">
          {wrong}
        </p>
      )}
    </div>
  );
}
