// Our own icons; they take the colours of the theme.

import { LabIcon } from '@jupyterlab/ui-components';

const PIPELINE = `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <g class="jp-icon3" fill="#616161">
    <path d="M4 3h7v6H8.5v3H16V9h-1.5V3H21v6h-3.5v4.5h-5V15H16v6H8v-6h3v-1.5H7V9H4z"/>
  </g>
</svg>`;

export const pipelineIcon = new LabIcon({ name: 'nb2prod:pipeline', svgstr: PIPELINE });
