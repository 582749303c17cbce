"""Pages of the manual for what the conversion itself finds. The pages of rules are their modules' docstrings.

NB1xx are names and what flows between steps, NB2xx constructs that are refused, NB3xx tags, NB4xx the rules.
"""

PAGES: dict[str, str] = {
    "NB101": """Names that no cell makes.

The step reads a name that no cell binds: it was bound in a cell that is gone, or in a console. The notebook runs in
the session where it was written, and nowhere else.

Instead of     model.fit(X, y)                 # no cell makes X
write          X = df.drop(columns="churn")
               model.fit(X, y)
""",
    "NB102": """Names that only a later cell makes.

A pipeline runs from top to bottom, so the name does not exist yet where it is used, or was deleted before. In the
notebook it worked because the cells were run in another order.

Instead of     plot(scores)                    # cell 3
               scores = evaluate(model)        # cell 5
write          scores = evaluate(model)        # cell 3
               plot(scores)                    # cell 5
""",
    "NB103": """Names that only a skipped cell makes.

Cells tagged `skip` are not in production, so nothing that they make is there either.

Instead of     df = clean(df)                  # tagged `skip`
               model.fit(df)
write          df = clean(df)                  # the tag removed
               model.fit(df)
""",
    "NB105": """Parameters that are not literals.

The cell tagged `parameters` gives each parameter its type and its default, which papermill, the command line and
the generated project read. A value that has to be computed first cannot be replaced from outside.

Instead of     data_path = Path.home() / "churn.csv"        # in the cell tagged `parameters`
write          data_path = "churn.csv"                      # in the cell tagged `parameters`
               path = Path(data_path)                       # in the first step
""",
    "NB106": """Parameters whose names mean something before their cell.

A parameter of the package has its value from the start of a run. In a notebook with a parameters cell further down, the
cells above it see another value under that name, or none.

Instead of     rate = 2
               price = 10 * rate
               rate = 3                            (in a cell tagged `parameters`)
write          rate = 3                            (in a cell tagged `parameters`, above all work)
""",
    "NB201": """Magics and shell lines that have no faithful translation.

Production has no IPython. Leaving such a line out, or guessing what it does, could change results without a word.
Commands whose text is plain (`!command {name}`, `%%bash`) become calls of subprocess that fail when the command fails;
`$name` in a command, and the lines that a command prints as a value, have to be written in Python.

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
    "NB208": """Python's own name, used and then bound.

The step uses a builtin (`sum`, `max`, `input`) and binds the same name later. In a notebook the first use finds
Python's own; in a function the name is local from its first line, and the first use fails.

Instead of     print(max(scores))
               max = 10
write          print(max(scores))
               most = 10
""",
    "NB209": """`await` at the top of a cell.

A notebook has an event loop that runs all the time; a step is a plain function and has none.

Instead of     rows = await fetch(url)
write          rows = asyncio.run(fetch(url))
""",
    "NB210": """Definitions made of data that changes.

A default argument, a decorator or a base class is looked up when the function is defined. A step that uses the
function defines it again, and by then the data may be other data.

Instead of     def scale(x, by=factor): ...
               factor = 2
write          def scale(x, by): ...
               scale(x, by=factor)
""",
    "NB211": """Functions that write globals.

A function that says `global count` changes the notebook's `count` for every cell. Steps have no globals in common,
so the change would be lost between them. At the top of a cell `global` has no meaning at all.

Instead of     def load():
                   global df
                   df = pd.read_csv(path)
write          def load():
                   return pd.read_csv(path)
               df = load()
""",
    "NB212": """Functions inside values, and names bound again.

A value (a Pipeline, a scorer, a dict of functions) holds a function that looks up a name of the notebook. The name
is bound again after the value was made: in the notebook the function sees the new value, but the value
that went from step to step holds the old one. The same is said where a step would find a name as another cell made
it, because the steps run in another order than their cells stand in, and where a step has a name of its own beside the
one that its star import brings.

Instead of     scorer = make_scorer(lambda y, p: cost(y, p, rate))
               rate = 0.2
write          scorer = make_scorer(lambda y, p, rate=rate: cost(y, p, rate))        # after the last `rate = `
""",
    "NB213": """Classes that read names of the notebook, with instances that cross steps.

The class is defined in each step that uses it, with that step's data. An instance made in another step would be of
another class of the same name.

Instead of     class Encoder:
                   def transform(self, x): return x.map(levels)
write          class Encoder:
                   def __init__(self, levels): self.levels = levels
                   def transform(self, x): return x.map(self.levels)
""",
    "NB214": """Iterators, open files and connections that cross steps.

A generator is used up as it is read, a file and a connection belong to one process. None of them can be kept
between steps, run again, or sent elsewhere.

Instead of     rows = (parse(line) for line in open(path))        # step load
               df = pd.DataFrame(rows)                            # step clean
write          rows = [parse(line) for line in open(path)]        # step load
               df = pd.DataFrame(rows)                            # step clean
""",
    "NB215": """Names that mean something else in a module.

`__name__` is "__main__" in a notebook and the module's name in a package; `__file__` exists in a module alone.

Instead of     if __name__ == "__main__":
                   main()
write          main()
""",
    "NB216": """Functions and classes that keep state, used by several steps.

A counter on a class, a list as a default argument, the memory of `lru_cache` over a function that reads changing data:
the notebook has one of each. Steps that each define the function or class would each begin anew, and one that they
shared would remember the run before.

Instead of     def log(row, seen=[]):
                   seen.append(row)
                   return seen
write          def log(row, seen):
                   return [*seen, row]
               seen = log(row, seen)
""",
    "NB217": """Classes that change when they are shown.

A cell that ends in a value shows it, and that runs the class's own `__repr__`. A package shows nothing, so what
`__repr__` writes to the object would be missing.

Instead of     def __repr__(self):
                   self.shown += 1
                   return "Table"
write          def __repr__(self):
                   return "Table"
""",
    "NB218": """Class bodies that read a name and bind the same name.

In a notebook `rate = rate + 1` in a class body reads the notebook's `rate`. In a function, where the step's code
stands, Python looks for it past the function and does not find it.

Instead of     class Plan:
                   rate = rate + 1
write          base_rate = rate
               class Plan:
                   rate = base_rate + 1
""",
    "NB219": """Lines that Python does not take in a function.

The cells of a step become the body of a function, and there a line that a cell takes is a syntax error. No file that
does not compile is ever written.

Instead of     if fast:
                   from fastmath import *
write          if fast:
                   from fastmath import sqrt
""",
    "NB220": """Names that a step may end without, while a later step may need none.

A step's function returns what later steps take. A name that only a branch or a loop binds may have no value then, and
Python ends the function there. A notebook goes on, as long as no cell reads the name, so the two would not be the same.

Instead of     if tuned:                # in one step
                   search = GridSearchCV(model, grid).fit(x, y)
               if tuned:                # in a later one
                   print(search.best_params_)
write          search = None
               if tuned:
                   search = GridSearchCV(model, grid).fit(x, y)
""",
    "NB305": """Tags and options that cannot be used.

A tag that is nearly one of ours, two tags that contradict each other, an option of a step that there is not, or with a
value that it cannot have: the cell would silently go elsewhere, so nothing is converted until it is corrected.

Instead of     setp:train           # on the cell that trains
write          step:train
""",
    "NB301": """Steps that wait for each other.

Each step needs something that the other makes, because their cells stand between one another or because a `prev:`
tag says so. No order of the steps is right.

Instead of     step:a, step:b, step:a        # where b needs a, and the second a needs b
write          step:a, step:b, step:c
""",
    "NB302": """A step that must come after one that does not exist.

The name in a `prev:` tag is that of no step, so the order cannot be kept.

Instead of     prev:laod_data
write          prev:load_data
""",
    "NB303": """Notebooks in which nothing runs.

Every code cell is an import, a definition, a parameter, or skipped, so the pipeline would have no step.

Instead of     skip                 # on the cell that trains
write          step:train
""",
    "NB304": """A step with the name of something that it uses.

A step becomes a function in a module of the same name, and would hide the import or function that its own cells call.

Instead of     step:train_test_split
write          step:split_data
""",
}
