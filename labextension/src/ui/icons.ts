// Our own icons; they take the colours of the theme.

import { LabIcon } from '@jupyterlab/ui-components';

const PIPELINE = `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <g class="jp-icon3" fill="#616161">
    <path d="M4 3h7v6H8.5v3H16V9h-1.5V3H21v6h-3.5v4.5h-5V15H16v6H8v-6h3v-1.5H7V9H4z"/>
  </g>
</svg>`;

export const pipelineIcon = new LabIcon({ name: 'nb2prod:pipeline', svgstr: PIPELINE });

const SCHEDULE = `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <path class="jp-icon3" fill="#616161" d="M7 2v2H5a2 2 0 0 0-2 2v13a2 2 0 0 0 2 2h5.3a7 7 0 0 1-1-2H5V9h13v.3a7 7 0 0 1 2 .9V6a2 2 0 0 0-2-2h-2V2h-2v2H9V2zm9 9a6 6 0 1 0 0 12 6 6 0 0 0 0-12zm0 1.800a4.200 4.200 0 1 1 0 8.400 4.200 4.200 0 0 1 0-8.400zm-.8 1.200v3.400l2.600 1.600.8-1.300-1.900-1.100V14z"/>
</svg>`;

export const scheduleIcon = new LabIcon({ name: 'nb2prod:schedule', svgstr: SCHEDULE });

const HISTORY = `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <path class="jp-icon3" fill="#616161" d="M13 3a9 9 0 0 0-9 9H1l4 4 4-4H6a7 7 0 1 1 2.100 4.900l-1.400 1.400A9 9 0 1 0 13 3zm-1 5v5l4.300 2.500.7-1.200-3.500-2.100V8z"/>
</svg>`;

export const historyIcon = new LabIcon({ name: 'nb2prod:history', svgstr: HISTORY });

const CONVERT = `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <g class="jp-icon3" fill="#616161">
    <path d="M4 4h6v2H6v12h4v2H4zM14 7l5 5-5 5v-4H8v-2h6zM20 4h2v16h-2z"/>
  </g>
</svg>`;

export const convertIcon = new LabIcon({ name: 'nb2prod:convert', svgstr: CONVERT });

const JOB = `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <g class="jp-icon3" fill="#616161">
    <path d="M3 4h18v16H3zm2 4v10h14V8zm4 1.5 7 3.5-7 3.5z" fill-rule="evenodd"/>
  </g>
</svg>`;

export const jobIcon = new LabIcon({ name: 'nb2prod:job', svgstr: JOB });

const FIT = `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <g class="jp-icon3" fill="#616161">
    <path d="M3 3h6v2H5v4H3zm12 0h6v6h-2V5h-4zM3 15h2v4h4v2H3zm16 0h2v6h-6v-2h4zM8 8h8v8H8z"/>
  </g>
</svg>`;

const MINUS = `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <g class="jp-icon3" fill="#616161"><path d="M5 11h14v2H5z"/></g>
</svg>`;

export const fitIcon = new LabIcon({ name: 'nb2prod:fit', svgstr: FIT });
export const minusIcon = new LabIcon({ name: 'nb2prod:minus', svgstr: MINUS });
