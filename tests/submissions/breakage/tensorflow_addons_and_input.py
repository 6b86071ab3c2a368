# The training cell imports tensorflow_addons, which is not installed where it is graded: the cell stops there
# and the network stays untrained. The plot first waits for a key with input(), and nobody is there to press
# it. Where the student sat, both worked. The ascent is right either way.
#
# /// label
# training = ["fail", "review"]
# plot = ["fail", "review"]
#
# [feedback_mentions]
# training = ["tensorflow_addons"]
# plot = ["input"]
# ///

# %% cnn
stack = [
    layers.Input(shape=(28, 28, 1)),
    layers.Conv2D(8, 3, padding="same", activation="relu", name="conv2d"),
    layers.MaxPooling2D(),
    layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_1"),
    layers.Conv2D(32, 3, padding="same", activation="relu", name="conv2d_2"),
    layers.Conv2D(64, 3, padding="same", activation="relu", name="conv2d_3"),
    layers.MaxPooling2D(),
    layers.Flatten(),
    layers.Dense(10, activation="softmax"),
]
model = keras.Sequential(stack)

# %% train
import tensorflow_addons as tfa

model.compile(
    optimizer=tfa.optimizers.AdamW(weight_decay=1e-4, learning_rate=1e-3),
    loss="categorical_crossentropy",
    metrics=["accuracy"],
)
results = model.fit(x_train, y_train, epochs=3, batch_size=32, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64
visualized_feature = []

trunk = keras.Model(model.inputs, model.get_layer(layer_name).output)

for filter_index in range(number_of_filters):
    input_img = tf.Variable(tf.random.uniform((1, 28, 28, 1)))
    history = []
    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(trunk(input_img)[:, :, :, filter_index])
        history.append(float(loss))
        input_img.assign_add(step_size * normalize(tape.gradient(loss, input_img)))
    visualized_feature.append(input_img.numpy())
    print(f"{filter_index:2d}: {history[0]:.3f} -> {history[-1]:.3f}")

# %% plot
input("The ascent is finished. Press Enter to see the features!")

figure = plt.figure(figsize=(12, 12))
for i in range(number_of_filters):
    plt.subplot(8, 8, i + 1)
    plt.imshow(deprocess_image(visualized_feature[i].copy())[0, :, :, 0], cmap="gray")
    plt.title(f"feature {i}", fontsize=8)
    plt.axis("off")
plt.show()
