# Compares two learning rates with a network for each, and then builds a third one, `model`, with the better
# rate, compiles it, and forgets to train it. What all that follows looks into is a random network.
#
# /// label
# training = "fail"
#
# [feedback_mentions]
# training = ["fit"]
#
# [causes]
# training = "not_trained"
# ///

# %% cnn
def fresh_network():
    return keras.Sequential(
        [
            layers.Input(shape=(28, 28, 1)),
            layers.Conv2D(8, 3, padding="same", activation="relu", name="conv2d"),
            layers.MaxPooling2D(),
            layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_1"),
            layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_2"),
            layers.Conv2D(64, 3, padding="same", activation="relu", name="conv2d_3"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dropout(0.2),
            layers.Dense(10, activation="softmax"),
        ]
    )


model = fresh_network()
model.summary()

# %% train
def compiled(network, rate):
    network.compile(
        optimizer=keras.optimizers.Adam(learning_rate=rate),
        loss="categorical_crossentropy",
        metrics=["accuracy"],
    )
    return network


scores = {}
for rate in (2e-4, 2e-3):
    model = compiled(fresh_network(), rate)
    results = model.fit(x_train, y_train, batch_size=32, epochs=2, validation_split=0.1, verbose=0)
    scores[rate] = results.history["val_accuracy"][-1]
    print(f"learning rate {rate}: validation accuracy {scores[rate]:.3f}")

best_rate = max(scores, key=scores.get)
print("best:", best_rate)

# the final model
model = compiled(fresh_network(), best_rate)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64
visualized_feature = []

probe = keras.Model(model.inputs, model.get_layer(layer_name).output)


@tf.function
def ascend(image, index):
    with tf.GradientTape() as tape:
        tape.watch(image)
        loss = tf.reduce_mean(probe(image)[..., index])
    return loss, normalize(tape.gradient(loss, image))


for filter_index in range(number_of_filters):
    input_img = tf.Variable(tf.random.uniform((1, 28, 28, 1)))
    index = tf.constant(filter_index)
    history = []
    for update in range(gradient_updates):
        loss, grads = ascend(input_img.value(), index)
        input_img.assign_add(step_size * grads)
        history.append(float(loss))
    if history[-1] <= history[0]:
        print("filter", filter_index, "did not rise (dead?)")
    visualized_feature.append(input_img.numpy())

# %% plot
figure, axes = plt.subplots(8, 8, figsize=(12, 12))
for i in range(64):
    row, column = divmod(i, 8)
    axes[row, column].imshow(deprocess_image(visualized_feature[i].copy())[0, :, :, 0], cmap="gray")
    axes[row, column].set_title(f"feature {i}")
    axes[row, column].axis("off")
plt.tight_layout()
plt.show()
