"""The agenda on paper: booklet, a grid for each day, and door signs, from one published version.

`facts` reads what is printed, `flow` sets running text on pages, `plan` decides the grid; `booklet`,
`grid` and `doors` draw. Every title is printed whole: text shrinks
to a floor, then takes more lines or pages.
"""
