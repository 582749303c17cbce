"""Pages of the manual for what the conversion itself finds. The pages of rules are their modules' docstrings.

NB1xx are names and what flows between steps, NB2xx constructs that are refused, NB3xx tags, NB4xx the rules.
"""

PAGES: dict[str, str] = {
    "NB105": """Parameters that are not literals.

The cell tagged `parameters` gives each parameter its type and its default, which papermill, the command line and
the generated project read. A value that has to be computed first cannot be replaced from outside.

Instead of     data_path = Path.home() / "churn.csv"        # in the cell tagged `parameters`
write          data_path = "churn.csv"                      # in the cell tagged `parameters`
               path = Path(data_path)                       # in the first step
""",
    "NB201": """Magics and shell lines that have no faithful translation.

Production has no IPython and often no shell with the same programs. Leaving such a line out, or guessing what it
does, could change results without a word.

Instead of     files = !ls data
               %run helpers.py
write          files = sorted(path.name for path in Path("data").iterdir())
               from helpers import clean
""",
    "NB202": """Cells that are not Python.

A cell in the language of Python 2, in another language, or half finished does not parse, so nothing can be said of
what it reads and gives.

Instead of     print auc
write          print(auc)
or tag the cell `skip`.
""",
    "NB203": """Values from the history of outputs.

`_`, `__`, `_3`, `Out[3]` and `In[3]` are what cells displayed or said in one session, in the order in which they
were run. Nothing of it exists when a pipeline runs.

Instead of     model.score(X, y)
               best = _
write          best = model.score(X, y)
""",
    "NB204": """Code that is made at run time, and names that are reached by text.

`exec`, `eval`, `globals()` and `locals()` read and bind names that stand nowhere in the cell. What a step needs and
gives cannot be known, and inside a function they see other names than in a notebook.

Instead of     globals()[f"df_{year}"] = load(year)
write          frames[year] = load(year)
""",
    "NB205": """Waiting for a person.

`input()` waits for someone at a keyboard; a pipeline has none and would wait or fail.

Instead of     year = int(input("Year? "))
write          year = 2024        # in the cell tagged `parameters`
""",
    "NB206": """Ending the process.

`exit()`, `quit()` and `sys.exit()` end the process of whoever runs the step, a scheduler or a server too, and a
green or a missing result tells nobody why.

Instead of     if df.empty: sys.exit()
write          if df.empty: raise ValueError("no customers in this month's file")
""",
    "NB207": """Star imports of modules that cannot be looked up.

Which names `from MODULE import *` brings can only be asked of the module, and it is not installed here. A name that
it brings cannot be told from one that is missing.

Instead of     from helpers import *
write          from helpers import clean, plot_roc
""",
    "NB209": """`await` at the top of a cell.

A notebook has an event loop that runs all the time; a step is a plain function and has none.

Instead of     rows = await fetch(url)
write          rows = asyncio.run(fetch(url))
""",
    "NB211": """`global` at the top of a cell.

There it has no meaning, and inside the function that a step becomes it would be an error.

Instead of     global model
               model = fit(df)
write          model = fit(df)
""",
    "NB215": """Names that mean something else in a module.

`__name__` is "__main__" in a notebook and the module's name in a package; `__file__` exists in a module alone.

Instead of     if __name__ == "__main__":
                   main()
write          main()
""",
}
