# A persistent tape (she first wanted a second gradient from it, and left it so), the mean written as sum
# over size, and noise from a normal distribution instead of a uniform one. No padding in the network; 32
# filters in conv2d_3.
#
# /// label
# ///

# %% cnn
model = keras.Sequential(
    [
        layers.Input(shape=(28, 28, 1)),
        layers.Conv2D(16, 3, activation="relu", name="conv2d"),  # 26 x 26
        layers.MaxPooling2D(),  # 13 x 13
        layers.Conv2D(16, 3, activation="relu", name="conv2d_1"),  # 11 x 11
        layers.Conv2D(32, 3, activation="relu", name="conv2d_2"),  # 9 x 9
        layers.Conv2D(32, 3, activation="relu", name="conv2d_3"),  # 7 x 7
        layers.Flatten(),
        layers.Dropout(0.25),
        layers.Dense(10, activation="softmax"),
    ]
)

# %% train
model.compile(optimizer="rmsprop", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=4, batch_size=32, verbose=2)
loss_test, accuracy_test = model.evaluate(x_test, y_test, verbose=0)
print(f"accuracy on unseen digits: {accuracy_test:.3f}")

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 32
visualized_feature = []

sub = keras.Model(model.inputs, model.get_layer(layer_name).output)

for filter_index in range(number_of_filters):
    input_img = tf.Variable(tf.random.normal((1, 28, 28, 1)))

    for update in range(gradient_updates):
        with tf.GradientTape(persistent=True) as tape:
            F = sub(input_img)[0, :, :, filter_index]
            loss = tf.reduce_sum(F) / tf.cast(tf.size(F), tf.float32)
        grads = tape.gradient(loss, input_img)
        del tape  # a persistent tape keeps everything until it is deleted

        rms = tf.sqrt(tf.reduce_mean(grads * grads))
        input_img.assign_add(step_size * grads / (rms + KTF.epsilon()))

    visualized_feature.append(input_img.numpy())

# %% plot
figure, axes = plt.subplots(4, 8, figsize=(12, 6.5))

for i in range(number_of_filters):
    ax = axes[i // 8][i % 8]
    ax.imshow(deprocess_image(visualized_feature[i].copy()).squeeze(), cmap="gray")
    ax.set_title("feature {}".format(i))
    ax.axis("off")

plt.show()
