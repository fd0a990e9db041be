"""The coding lane: problems of four data sets to tasks whose tests have been tried. One module reads each data set."""
