// The head of a table's column.

import * as React from 'react';

/** `name` is what the style sheets know the column by. */
export function Column({ name, label }: { readonly name: string; readonly label: string }): JSX.Element {
  return (
    <th className={`nb2prod-col-${name}`} scope="col">
      {label}
    </th>
  );
}
