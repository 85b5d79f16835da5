/** JupyterLab and Notebook 7: panels that are live while their model lives, and their saved picture when not. */
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';

import { insertCells } from './insert';
import { PANEL_MIME, PanelRenderer } from './renderer';

/** Before the widget view, whose rank is -10: it shows an error where the model is gone. */
const RANK = -20;

const panels: JupyterFrontEndPlugin<void> = {
  id: 'mlflow-aml-magics:panels',
  description: 'Shows mlflow_aml_magics panels live where their kernel runs, and as saved everywhere else.',
  autoStart: true,
  requires: [IRenderMimeRegistry],
  activate: (_app: JupyterFrontEnd, registry: IRenderMimeRegistry) => {
    registry.addFactory(
      {
        // Safe: in an untrusted notebook the renderer shows the sanitised picture and starts no widget.
        safe: true,
        mimeTypes: [PANEL_MIME],
        createRenderer: () => new PanelRenderer(registry),
      },
      RANK,
    );
  },
};

const cells: JupyterFrontEndPlugin<void> = {
  id: 'mlflow-aml-magics:cells',
  description: 'Inserts the cell that a panel of mlflow_aml_magics asks for.',
  autoStart: true,
  activate: ({ shell }: JupyterFrontEnd) => void insertCells(shell),
};

export default [panels, cells];
