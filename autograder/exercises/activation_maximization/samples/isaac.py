# isaac: went down instead of up. From training he is used to subtracting gradients, and so he does it here:
# assign_sub instead of assign_add. Everything else is as it should be, but every filter falls silent.

# %% cnn
model = keras.Sequential()
model.add(layers.Input(shape=(28, 28, 1)))
model.add(layers.Conv2D(8, (3, 3), activation="relu", padding="same", name="conv2d"))
model.add(layers.MaxPooling2D((2, 2)))
model.add(layers.Conv2D(16, (3, 3), activation="relu", padding="same", name="conv2d_1"))
model.add(layers.Conv2D(32, (3, 3), activation="relu", padding="same", name="conv2d_2"))
model.add(layers.MaxPooling2D((2, 2)))
model.add(layers.Conv2D(64, (3, 3), activation="relu", padding="same", name="conv2d_3"))
model.add(layers.Flatten())
model.add(layers.Dense(10, activation="softmax"))
model.summary()

# %% train
optimizer = keras.optimizers.Adam(learning_rate=1e-3)
model.compile(loss="categorical_crossentropy", optimizer=optimizer, metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=3, batch_size=32, verbose=2)
print(model.evaluate(x_test, y_test, verbose=0))

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64
visualized_feature = []

submodel = keras.Model(inputs=model.inputs, outputs=model.get_layer(layer_name).output)

for filter_index in range(number_of_filters):
    input_img = tf.Variable(tf.random.uniform((1, 28, 28, 1)))

    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            activation = submodel(input_img)
            loss = tf.reduce_mean(activation[0, :, :, filter_index])
        grads = normalize(tape.gradient(loss, input_img))
        input_img.assign_sub(step_size * grads)

    visualized_feature.append(input_img.numpy())

# %% plot
figure = plt.figure(figsize=(12, 12))

for i in range(len(visualized_feature)):
    ax = figure.add_subplot(8, 8, i + 1)
    ax.imshow(deprocess_image(np.copy(visualized_feature[i])).reshape(28, 28), cmap="gray")
    ax.set_title("feature " + str(i))
    ax.axis("off")

figure.tight_layout()
plt.show()
