# Draws the panels as seaborn heatmaps. Network and training are in one cell. Everything right.
#
# /// label
# [cells]
# merge = [["cnn", "train"]]
# ///

# %% cnn
import pandas as pd
import seaborn as sns

model = keras.Sequential([
    layers.Input(shape=(28, 28, 1)),
    layers.Conv2D(8, 3, padding="same", activation="relu", name="conv2d"),
    layers.Conv2D(8, 3, padding="same", activation="relu", name="conv2d_1"),
    layers.MaxPooling2D(),
    layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_2"),
    layers.MaxPooling2D(),
    layers.Conv2D(32, 3, padding="same", activation="relu", name="conv2d_3"),
    layers.Flatten(),
    layers.Dense(32, activation="relu"),
    layers.Dense(10, activation="softmax"),
])

# %% train
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=4, validation_data=(x_test, y_test), verbose=2)

history = pd.DataFrame(results.history)
print(history.round(3))
sns.lineplot(data=history[["loss", "val_loss"]])
plt.show()

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 32
visualized_feature = []
log = []

up_to = keras.Model(model.inputs, model.get_layer(layer_name).output)

for filter_index in range(number_of_filters):
    input_img = tf.Variable(np.random.uniform(0, 1, (1, 28, 28, 1)), dtype=tf.float32)
    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(up_to(input_img)[..., filter_index])
        grads = normalize(tape.gradient(loss, input_img))
        input_img.assign_add(step_size * grads)
        log.append((filter_index, update, float(loss)))
    visualized_feature.append(input_img.numpy().reshape(28, 28))

log = pd.DataFrame(log, columns=["filter", "update", "loss"])

# %% plot
figure, axes = plt.subplots(4, 8, figsize=(14, 7.5))

for i, ax in enumerate(axes.ravel()):
    sns.heatmap(
        deprocess_image(visualized_feature[i].copy()),
        cmap="gray", cbar=False, square=True, xticklabels=False, yticklabels=False, ax=ax,
    )
    ax.set_title(f"feature {i}")

plt.tight_layout()
plt.show()

sns.lineplot(data=log[log["filter"] < 8], x="update", y="loss", hue="filter", palette="viridis")
plt.show()
