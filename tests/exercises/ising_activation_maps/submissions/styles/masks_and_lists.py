# Goes through all test lattices and stops when it has four.
#
# /// label
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
good, bad = [], []
answers = np.array(model(x_test))
true = y_test.argmax(-1)
for k in range(1000):
    (good if answers[k].argmax() == true[k] else bad).append(k)
chosen = good[:2] + bad[:2]
cam = {}
w = model.layers[-1].get_weights()[0]
deep = keras.Model(model.inputs, model.layers[-3].output)
maps = []
for k in chosen:
    f = deep.predict(x_test[k][None], verbose=0)[0]
    maps.append([np.dot(f, w[:, 0]), np.dot(f, w[:, 1])])
maps = np.asarray(maps)

# %% plot
fig, axes = plt.subplots(4, 3, figsize=(9, 12))
for i, k in enumerate(chosen):
    axes[i, 0].imshow(x_test[k].squeeze(), cmap="gray")
    axes[i, 0].set_title(f"T={t_test[k]:.2f} {PHASES[true[k]]}")
    for c in range(2):
        axes[i, c + 1].imshow(tf.image.resize(np.asarray(maps)[i, c][..., None], (32, 32))[..., 0], cmap="coolwarm")
        axes[i, c + 1].set_title(f"{PHASES[c]} {answers[k, c]:.3f}")
plt.show()
