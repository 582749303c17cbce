// The form in which a schedule is made or changed.

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { useModel } from '../ui/hooks';
import { told } from '../ui/trouble';
import type { EditorModel } from './editor';
import { ParametersPart } from './given';
import { MorePart, PolicyPart } from './policies';
import { Choose, SourcePart } from './source';
import { TriggerPart } from './triggers';

let forms = 0;

/** Places that some field of the form shows; of the others the words stand at the top. */
const SHOWN =
  /^(path|notebook|definition|name|trigger(\..+)?|parameters(\..+)?|misfire|overlap|grace|jitter|priority|start_at|end_at|settings\.(limits\.(run|cell|memory|cpus)|retry\.(limit|delay|factor|maximum)))$/;

export function ScheduleForm(props: {
  readonly editor: EditorModel;
  readonly trans: TranslationBundle;
  readonly choose: Choose | null;
  readonly onDone: () => void;
  readonly onCancel: () => void;
}): JSX.Element {
  const { editor, trans, choose, onDone, onCancel } = props;
  useModel(editor);
  const [form] = React.useState(() => `nb2prod-form-${++forms}`);
  const node = React.useRef<HTMLFormElement>(null);
  useFocus(node, editor.refusals);
  const submit = async (event: React.FormEvent) => {
    event.preventDefault();
    if (await editor.submit()) {
      onDone();
    }
  };
  const part = { editor, trans, form };
  const title = editor.edited ? trans.__('Edit %1', editor.edited.schedule.name) : trans.__('New schedule');
  return (
    <form
      aria-label={title}
      className="nb2prod-ScheduleForm"
      noValidate
      onKeyDown={event => event.key === 'Escape' && !event.defaultPrevented && onCancel()}
      onSubmit={event => void submit(event)}
      ref={node}
    >
      <h2>{title}</h2>
      <div className="nb2prod-ScheduleForm-parts">
        <SourcePart {...part} choose={choose} />
        <TriggerPart {...part} />
        <ParametersPart {...part} />
        <PolicyPart {...part} />
        <MorePart {...part} />
      </div>
      <Refused editor={editor} trans={trans} />
      <div className="nb2prod-ScheduleForm-buttons">
        <button className="jp-mod-styled jp-mod-accept" disabled={editor.isBusy} type="submit">
          {editor.isBusy ? trans.__('Saving …') : editor.edited ? trans.__('Save') : trans.__('Create')}
        </button>
        <button className="jp-mod-styled jp-mod-reject" onClick={onCancel} type="button">
          {trans.__('Cancel')}
        </button>
      </div>
    </form>
  );
}

function Refused(props: {
  readonly editor: EditorModel;
  readonly trans: TranslationBundle;
}): JSX.Element | null {
  const { editor, trans } = props;
  if (!editor.problem) {
    return null;
  }
  const elsewhere = [...editor.faults].filter(([path]) => !SHOWN.test(path));
  return (
    <div className="nb2prod-Advice nb2prod-mod-error" role="alert">
      <div className="nb2prod-Advice-text">
        {told(editor.problem, trans)}
        {elsewhere.map(([path, words]) => words !== editor.problem && <div key={path}>{words}</div>)}
      </div>
    </div>
  );
}

/** The first field at first, and the first that is at fault when it was refused. */
function useFocus(node: React.RefObject<HTMLFormElement>, refusals: number): void {
  React.useEffect(() => {
    const sought = refusals ? '[aria-invalid="true"]' : 'input, select';
    const field = node.current?.querySelector<HTMLElement>(sought);
    field?.focus();
    field?.scrollIntoView({ block: 'nearest' });
  }, [node, refusals]);
}
