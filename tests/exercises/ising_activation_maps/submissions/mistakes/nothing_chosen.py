# The cell with the maps was left as it was.
#
# /// label
# choice = "fail"
# maps = "fail"
# alignment = "fail"
# plot = "fail"
#
# [causes]
# choice = "no_choice"
# plot = "no_figure"
# ///

# %% cnn
model = keras.Sequential([
    layers.Input(shape=(32, 32, 1)),
    layers.Conv2D(16, 3, activation="relu", padding="same"),
    layers.Conv2D(16, 3, activation="relu", padding="same"),
    layers.MaxPooling2D(),
    layers.Conv2D(32, 3, activation="relu", padding="same", name="before"),
    layers.Conv2D(32, 3, activation="relu", padding="same", name="last_conv"),
    layers.GlobalAveragePooling2D(),
    layers.Dense(2, activation="softmax", name="classes"),
])

# %% train
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=5, batch_size=64, verbose=2)

# %% maps
chosen = ...
maps = ...

# %% plot
...
